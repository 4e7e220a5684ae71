package dev.embedcl.bench.pytorch;

import dev.embedcl.bench.Contents;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.T_TensorTensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The inputs as bags, one to a sequence. */
@State(Scope.Benchmark)
public abstract class BagTensors extends Tensors {
  private static final int SUM = 0;

  private Tensor offsets;
  private Tensor bagOf;
  private TensorOptional noWeights;

  /** Draws the ids, and says where bags begin and which one an id is in. */
  final void openBags() {
    open();
    offsets =
        longs(LongStream.range(0, batchSize()).map(bag -> bag * seqLen()).toArray(), batchSize());
    bagOf = longs(LongStream.range(0, count()).map(n -> n / seqLen()).toArray(), count());
    noWeights = new TensorOptional();
  }

  final Tensor gradSums() {
    return filled(Contents.GRAD_OUTPUT, batchSize(), embeddingDim());
  }

  /** Returns the sums, and three more tensors that serve the backward pass. */
  final T_TensorTensorTensorTensor_T sum(Tensor weight, int set, boolean sparse) {
    return torch.embedding_bag(
        weight, idTensors[set], offsets, false, SUM, sparse, noWeights, false);
  }

  /** Returns the gradient of each id's row: that of its bag. */
  final Tensor gradRows(Tensor gradSums) {
    return gradSums.index_select(0, bagOf);
  }
}
