package dev.embedcl.gpureport;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How fast an operation is.
 *
 * @param bytes what it cannot avoid to move
 * @param groupingMicros what the host takes beside it to group the ids; 0 where none are needed
 * @param copyBytesPerNano the device's copy bandwidth
 */
record Result(
    Problem problem,
    IdDistribution ids,
    Work work,
    double bytes,
    Timing timing,
    double groupingMicros,
    double copyBytesPerNano) {

  /** As a reader looks for them. */
  static final Comparator<Result> ORDER =
      Comparator.<Result>comparingInt(each -> BatchShape.all().indexOf(each.problem.shape()))
          .thenComparing(each -> each.problem.storage())
          .thenComparing(Result::ids)
          .thenComparing(Result::work);

  /** Returns the time on the device; a fill is no kernel: there the wall time stands for it. */
  double deviceMicros() {
    return work.fills() ? timing.wall() : timing.kernels();
  }

  double gigabytesPerSecond() {
    return bytes / deviceMicros() / 1e3;
  }

  double shareOfCopy() {
    return gigabytesPerSecond() / copyBytesPerNano;
  }

  Map<String, Object> record() {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("shape", problem.shape().name());
    entry.put("storage", problem.storageName());
    entry.put("ids", ids.title());
    entry.put("operation", work.title());
    entry.put("bytes", bytes);
    entry.put("kernelMicros", timing.kernels());
    entry.put("spanMicros", timing.span());
    entry.put("wallMicros", timing.wall());
    entry.put("callMicros", timing.call());
    entry.put("groupingMicros", groupingMicros);
    entry.put("runs", timing.runs());
    entry.put("gigabytesPerSecond", gigabytesPerSecond());
    entry.put("shareOfCopy", shareOfCopy());
    entry.put("kernels", timing.each());
    return entry;
  }
}
