package dev.embedcl.cli;

import dev.embedcl.backend.opencl.LaunchProfile;
import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.DeviceType;
import java.util.Arrays;
import java.util.List;

/** A number of a launch profile that {@code tune} varies, the most telling first. */
enum TuneKnob {
  /** {@link LaunchProfile#vectorBytes}. */
  VECTOR_BYTES("vectorBytes"),
  /** {@link LaunchProfile#workGroupItems}. */
  WORK_GROUP_ITEMS("workGroupItems"),
  /** {@link LaunchProfile#rowsInFlight}. */
  ROWS_IN_FLIGHT("rowsInFlight"),
  /** {@link LaunchProfile#maxRowGroups}. */
  MAX_ROW_GROUPS("maxRowGroups"),
  /** {@link LaunchProfile#streamingBytes}. */
  STREAMING_BYTES("streamingBytes");

  private static final long STREAMING = 4L << 20;

  private final String title;

  TuneKnob(String title) {
    this.title = title;
  }

  /** Returns the number's name. */
  String title() {
    return title;
  }

  /** Returns the values to try on a device. */
  List<Long> values(Device device) {
    boolean cpu = device.type() == DeviceType.CPU;
    long units = device.computeUnits();
    long[] values =
        switch (this) {
          case VECTOR_BYTES -> new long[] {16, 32, 64};
          case WORK_GROUP_ITEMS -> cpu ? new long[] {1, 8, 64} : new long[] {32, 64, 128, 256, 512};
          case ROWS_IN_FLIGHT -> new long[] {4, 2, 8, 1};
          case MAX_ROW_GROUPS ->
              cpu
                  ? new long[] {units, 8 * units, 4096}
                  : new long[] {8 * units, 32 * units, 65_535};
          case STREAMING_BYTES -> new long[] {STREAMING, LaunchProfile.NEVER};
        };
    long most = this == WORK_GROUP_ITEMS ? device.maxWorkGroupSize() : Long.MAX_VALUE;
    return Arrays.stream(values).filter(value -> value <= most).boxed().distinct().toList();
  }

  /** Returns the value that a profile has. */
  long of(LaunchProfile profile) {
    return switch (this) {
      case VECTOR_BYTES -> profile.vectorBytes();
      case WORK_GROUP_ITEMS -> profile.workGroupItems();
      case ROWS_IN_FLIGHT -> profile.rowsInFlight();
      case MAX_ROW_GROUPS -> profile.maxRowGroups();
      case STREAMING_BYTES -> profile.streamingBytes();
    };
  }

  /** Returns a profile with another value, and all else as it is. */
  LaunchProfile with(LaunchProfile profile, long value) {
    return new LaunchProfile(
        profile.name(),
        this == VECTOR_BYTES ? (int) value : profile.vectorBytes(),
        profile.unalignedVectors(),
        this == WORK_GROUP_ITEMS ? (int) value : profile.workGroupItems(),
        this == MAX_ROW_GROUPS ? (int) Math.min(value, 65_535) : profile.maxRowGroups(),
        this == STREAMING_BYTES ? value : profile.streamingBytes(),
        this == ROWS_IN_FLIGHT ? (int) value : profile.rowsInFlight(),
        profile.bagRowsInFlight(),
        profile.asideBytes(),
        profile.pinnedStaging());
  }

  /** Says in which numbers a profile differs from another. */
  static String difference(LaunchProfile from, LaunchProfile to) {
    StringBuilder text = new StringBuilder();
    for (TuneKnob knob : values()) {
      if (knob.of(from) != knob.of(to)) {
        text.append(text.isEmpty() ? "" : ", ")
            .append(knob.title)
            .append(' ')
            .append(knob.words(to));
      }
    }
    return text.isEmpty() ? "no change" : text.toString();
  }

  /** Returns the value that a profile has, as text. */
  String words(LaunchProfile profile) {
    long value = of(profile);
    return this == STREAMING_BYTES && value == LaunchProfile.NEVER ? "never" : Long.toString(value);
  }
}
