package dev.embedcl.nn;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import java.util.List;

/**
 * A layer over tables of vectors, seen from behind: the gradient of its latest {@code forward},
 * which either {@code backward} adds to the parameters or an optimizer takes unsummed through
 * {@link #gradient}. For one thread at a time.
 */
public sealed interface TableLayer extends AutoCloseable permits EmbeddingLayer, EmbeddingBag {

  /** Returns the backend that holds the parameters. */
  Backend backend();

  /** Returns the number of rows of the token table: ids are in [0, numEmbeddings). */
  long numEmbeddings();

  /** Returns the length of a vector. */
  int embeddingDim();

  /** Returns the parameters: the token table, then the positional table if there is one. */
  List<Parameter> parameters();

  /**
   * Adds the gradient of the latest {@code forward} to the gradients of the parameters that {@link
   * Parameter#requiresGrad require} one, in the deterministic order: the same bits everywhere.
   * Called again, it adds again.
   *
   * @param gradOutput the gradient of the output, of its shape from the first element on; may be
   *     larger
   * @throws IllegalArgumentException if {@code gradOutput} is too small or not of the table's
   *     {@link Parameter#gradDtype}
   * @throws IndexOutOfBoundsException if ids that were on the device turn out to be out of range
   * @throws IllegalStateException if there was no {@code forward}, or this layer, a parameter,
   *     {@code gradOutput} or the backend was closed
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the gradients
   */
  void backward(DeviceBuffer gradOutput);

  /**
   * Copies a gradient from the host and does as {@link #backward(DeviceBuffer)}.
   *
   * @param gradOutput of the table's {@link Parameter#gradDtype}, exactly of the output's shape
   * @throws IllegalArgumentException if type or shape is another
   * @throws IndexOutOfBoundsException as in {@link #backward(DeviceBuffer)}
   * @throws IllegalStateException as in {@link #backward(DeviceBuffer)}
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the gradients
   */
  void backward(HostTensor gradOutput);

  /**
   * Returns the gradient of the latest {@code forward} unsummed, for an optimizer's fused step;
   * nothing of the table's size is made.
   *
   * @param gradOutput as in {@link #backward(DeviceBuffer)}; read when the step runs
   * @return valid until the next {@code forward}
   * @throws IllegalArgumentException if {@code gradOutput} is too small or not of the table's
   *     {@link Parameter#gradDtype}
   * @throws IndexOutOfBoundsException if ids that were on the device turn out to be out of range
   * @throws IllegalStateException if there was no {@code forward}, or this layer or the backend was
   *     closed
   */
  BatchGradient gradient(DeviceBuffer gradOutput);

  /**
   * Copies a gradient from the host and does as {@link #gradient(DeviceBuffer)}.
   *
   * @param gradOutput of the table's {@link Parameter#gradDtype}, exactly of the output's shape
   * @return valid until the next {@code forward}, {@code gradient} or {@code backward}
   * @throws IllegalArgumentException if type or shape is another
   * @throws IndexOutOfBoundsException as in {@link #gradient(DeviceBuffer)}
   * @throws IllegalStateException as in {@link #gradient(DeviceBuffer)}
   */
  BatchGradient gradient(HostTensor gradOutput);

  /**
   * Sums the gradient of the latest {@code forward} by id, into a matrix of the token table's rows
   * that have one: PyTorch's coalesced sparse gradient, in the deterministic order.
   *
   * @param gradOutput as in {@link #backward(DeviceBuffer)}
   * @return to be closed by the caller
   * @throws IllegalArgumentException as in {@link #gradient(DeviceBuffer)}
   * @throws IndexOutOfBoundsException as in {@link #gradient(DeviceBuffer)}
   * @throws IllegalStateException as in {@link #gradient(DeviceBuffer)}
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold it
   */
  default SparseGradient sparseGradient(DeviceBuffer gradOutput) {
    SparseGradient gradient = new SparseGradient(parameters().getFirst());
    try {
      sparseGradientInto(gradOutput, gradient);
      return gradient;
    } catch (RuntimeException | Error e) {
      gradient.close();
      throw e;
    }
  }

  /**
   * Does as {@link #sparseGradient}, using the memory of an earlier one again where it suffices.
   *
   * @param gradOutput as in {@link #backward(DeviceBuffer)}
   * @param target is overwritten; one of this layer's
   * @throws IllegalArgumentException as in {@link #gradient(DeviceBuffer)}, and if {@code target}
   *     is another layer's
   * @throws IndexOutOfBoundsException as in {@link #gradient(DeviceBuffer)}
   * @throws IllegalStateException as in {@link #gradient(DeviceBuffer)}, and if {@code target} was
   *     closed
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold it
   */
  void sparseGradientInto(DeviceBuffer gradOutput, SparseGradient target);

  /**
   * Forgets the gradients of all parameters, see {@link Parameter#zeroGrad}.
   *
   * @throws IllegalStateException if a parameter or the backend was closed
   */
  default void zeroGrad() {
    parameters().forEach(Parameter::zeroGrad);
  }

  /**
   * Frees what this layer made, its parameters included unless they were handed in; the backend
   * stays open. Further calls do nothing.
   */
  @Override
  void close();
}
