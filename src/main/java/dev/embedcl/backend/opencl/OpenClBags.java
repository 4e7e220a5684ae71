package dev.embedcl.backend.opencl;

import dev.embedcl.op.Bags;
import dev.embedcl.op.Table;
import dev.embedcl.opencl.Kernel;

/** The first arguments of every kernel that walks {@link Bags}: the table, the ids, the bags. */
final class OpenClBags {
  private OpenClBags() {}

  static void bind(Kernel kernel, Launcher launcher, Table weight, Bags bags) {
    kernel.setArg(0, launcher.own(weight.buffer()));
    kernel.setArg(1, (int) weight.rows());
    kernel.setArg(2, launcher.own(bags.indices()));
    kernel.setArg(3, launcher.own(bags.offsets()));
    kernel.setArg(4, bags.count());
    kernel.setArg(5, bags.bags());
    kernel.setArg(6, (int) bags.paddingIdx());
  }

  /** Throws unless the buffers belong to the launcher's backend. */
  static void requireOwn(Launcher launcher, Bags bags) {
    launcher.own(bags.indices());
    launcher.own(bags.offsets());
  }
}
