package dev.embedcl.bench.ours;

import dev.embedcl.bench.Contents;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.BagMode;
import dev.embedcl.op.Bags;
import dev.embedcl.op.EmbeddingBagForward;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The inputs as bags, one to a sequence. */
@State(Scope.Benchmark)
public abstract class BagTables extends Tables {
  final IndexGroups groups = new IndexGroups();
  private int[] bagOf;

  /** Draws the ids, opens the device and says which bag an id is in. */
  final void openBags() {
    open();
    bagOf = new int[count()];
    for (int n = 0; n < bagOf.length; n++) {
      bagOf[n] = n / seqLen();
    }
  }

  /** Returns one operation for each set of ids. */
  final EmbeddingBagForward[] forwards(Matrix weight, Matrix sums) {
    DeviceBuffer offsets = bagOffsets();
    EmbeddingBagForward[] operations = new EmbeddingBagForward[sets()];
    for (int set = 0; set < operations.length; set++) {
      Bags bags = new Bags(idBuffers[set], offsets, count(), batchSize(), IndexGroups.NO_PADDING);
      operations[set] = new EmbeddingBagForward(weight, bags, BagMode.SUM, null, sums, null);
    }
    return operations;
  }

  final Matrix gradSums() {
    return filled(DType.FLOAT32, batchSize(), Contents.GRAD_OUTPUT);
  }

  /** Groups the contributions of bags by row. */
  final void group(int set) {
    groups.rebuild(ids(set), count(), numEmbeddings).fromRows(bagOf, batchSize());
  }
}
