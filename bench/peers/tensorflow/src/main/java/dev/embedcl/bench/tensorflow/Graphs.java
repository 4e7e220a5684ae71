package dev.embedcl.bench.tensorflow;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Inputs;
import java.lang.foreign.MemorySegment;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TType;

/**
 * The inputs in a graph: tables are resource variables, ids and gradients are fed, which copies
 * nothing. A graph that runs whole costs less than its operations one by one.
 */
@State(Scope.Benchmark)
public abstract class Graphs extends Inputs {

  /** Threads of one operation. */
  @Param({"1", "2"})
  public int threads;

  Graph graph;
  Ops tf;
  Session session;

  /** [batchSize, seqLen], int32. */
  Placeholder<TInt32> indices;

  /** Sets of ids, to be fed. */
  Tensor[] idTensors;

  /** Draws the ids and opens a session on so many threads. */
  final void open() {
    draw();
    graph = new Graph();
    tf = Ops.create(graph);
    session =
        new Session(
            graph,
            ConfigProto.newBuilder()
                .setIntraOpParallelismThreads(threads)
                .setInterOpParallelismThreads(1)
                .build());
    indices = tf.placeholder(TInt32.class, Placeholder.shape(Shape.of(batchSize(), seqLen())));
    idTensors = new Tensor[sets()];
    for (int set = 0; set < sets(); set++) {
      idTensors[set] = TInt32.tensorOf(Shape.of(batchSize(), seqLen()), DataBuffers.of(ids(set)));
    }
  }

  /** Frees everything. */
  @TearDown(Level.Trial)
  public void close() {
    session.close();
    graph.close();
  }

  final Operand<? extends TType> weight(Contents contents) {
    return variable(contents, Shape.of(numEmbeddings, embeddingDim()));
  }

  final Operand<? extends TType> positions(Contents contents) {
    return variable(contents, Shape.of(seqLen(), embeddingDim()));
  }

  /** Returns a node for the gradient of the output, [batchSize, seqLen, embeddingDim]. */
  final Placeholder<TFloat32> gradOutput() {
    return tf.placeholder(
        TFloat32.class, Placeholder.shape(Shape.of(batchSize(), seqLen(), embeddingDim())));
  }

  final Tensor gradOutputTensor() {
    return filled(Contents.GRAD_OUTPUT, Shape.of(batchSize(), seqLen(), embeddingDim()));
  }

  final Operand<TInt32> flatIndices() {
    return tf.reshape(indices, tf.constant(new int[] {-1}));
  }

  final Operand<TFloat32> rows(Operand<TFloat32> bySequence) {
    return tf.reshape(bySequence, tf.constant(new int[] {count(), embeddingDim()}));
  }

  /** Returns the contents of a variable, for a check. */
  final MemorySegment read(Operand<? extends TType> variable) {
    try (Result result =
        session.runner().fetch(tf.readVariableOp(variable, TFloat32.class)).run()) {
      return floats(result.get(0));
    }
  }

  /** Returns a copy of a tensor's floats. */
  static MemorySegment floats(Tensor tensor) {
    float[] copy = new float[Math.toIntExact(tensor.shape().size())];
    tensor.asRawTensor().data().asFloats().read(copy);
    return MemorySegment.ofArray(copy);
  }

  private Operand<? extends TType> variable(Contents contents, Shape shape) {
    // Without names of their own, all variables of a graph would be one.
    var variable = tf.varHandleOp(TFloat32.class, shape, VarHandleOp.sharedName(contents.name()));
    Placeholder<TFloat32> value = tf.placeholder(TFloat32.class, Placeholder.shape(shape));
    var assign = tf.assignVariableOp(variable, value);
    try (Tensor tensor = filled(contents, shape)) {
      session.runner().feed(value, tensor).addTarget(assign).run().close();
    }
    return variable;
  }

  private static Tensor filled(Contents contents, Shape shape) {
    TFloat32 tensor = TFloat32.tensorOf(shape);
    FloatDataBuffer floats = tensor.asRawTensor().data().asFloats();
    float[] block = new float[17 * 65_536]; // a multiple of the period: each block is the same
    contents.fill(MemorySegment.ofArray(block));
    for (long at = 0; at < floats.size(); at += block.length) {
      floats.offset(at).write(block, 0, (int) Math.min(block.length, floats.size() - at));
    }
    return tensor;
  }
}
