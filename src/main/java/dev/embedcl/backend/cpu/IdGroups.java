package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.embedcl.op.IndexGroups;
import java.lang.foreign.MemorySegment;

/** Groups ids that lie in a buffer, leaving out and recording those that no row belongs to. */
final class IdGroups {
  private final CpuStatus status;
  private final IndexGroups groups = new IndexGroups();
  private int[] ids = new int[0];
  private int[] idPositions = new int[0];

  IdGroups(CpuStatus status) {
    this.status = status;
  }

  /** Returns the groups of {@code count} ids, which stay until the next call. */
  IndexGroups of(MemorySegment indices, int count, long numEmbeddings, long paddingIdx) {
    status.beginOperation();
    if (ids.length < count) {
      ids = new int[count];
      idPositions = new int[count];
    }
    int good = 0;
    for (int position = 0; position < count; position++) {
      int index = indices.get(JAVA_INT, 4L * position);
      if (index >= 0 && index < numEmbeddings) {
        ids[good] = index;
        idPositions[good] = position;
        good++;
      } else {
        status.record(position, index, numEmbeddings);
      }
    }
    return groups.rebuild(ids, good, numEmbeddings, paddingIdx).fromRows(idPositions, count);
  }
}
