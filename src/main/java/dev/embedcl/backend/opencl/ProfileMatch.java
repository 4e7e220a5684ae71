package dev.embedcl.backend.opencl;

import dev.embedcl.opencl.DeviceType;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which devices a launch profile is for; what is null says nothing.
 *
 * @param type the kind of processor
 * @param vendor part of the vendor's name, in any case
 * @param architecture the kind of core, whole
 * @param name found in the device's name
 */
record ProfileMatch(
    @Nullable DeviceType type,
    @Nullable String vendor,
    @Nullable String architecture,
    @Nullable Pattern name) {

  boolean matches(DeviceTraits device) {
    return (type == null || type == device.type())
        && (vendor == null
            || device.vendor().toLowerCase(Locale.ROOT).contains(vendor.toLowerCase(Locale.ROOT)))
        && (architecture == null || architecture.equals(device.architecture()))
        && (name == null || name.matcher(device.name()).find());
  }

  /** Returns how many conditions there are: the more, the more specific. */
  int conditions() {
    return (type == null ? 0 : 1)
        + (vendor == null ? 0 : 1)
        + (architecture == null ? 0 : 1)
        + (name == null ? 0 : 1);
  }
}
