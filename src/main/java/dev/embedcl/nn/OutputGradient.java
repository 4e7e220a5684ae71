package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.Matrix;

/** Takes gradients of a layer's last output, whose shape it keeps from one call to the next. */
final class OutputGradient {
  private final Parameter weight;
  private final GrowingBuffer upload;
  private Shape shape = Shape.of(0, 0);

  OutputGradient(Parameter weight) {
    this.weight = weight;
    this.upload = new GrowingBuffer(weight.backend(), weight.gradDtype());
  }

  /** Returns the shape of the last output, [batchSize, seqLen, columns] or [bags, columns]. */
  Shape shape() {
    return shape;
  }

  /** Takes the shape of an output. */
  void shape(Shape shape) {
    this.shape = shape;
  }

  /**
   * Returns a gradient on the device as a matrix with a row for each vector of the output.
   *
   * @throws IllegalArgumentException if it is too small or of another type
   */
  Matrix matrix(DeviceBuffer gradOutput) {
    // No requireArgument here: the message's parts would be made for every step.
    if (gradOutput.type() != weight.gradDtype() || gradOutput.elements() < shape.elements()) {
      throw new IllegalArgumentException(
          "gradOutput has "
              + gradOutput.elements()
              + " elements of "
              + gradOutput.type()
              + "; the last output, of shape "
              + shape
              + ", has "
              + shape.elements()
              + " of "
              + weight.gradDtype());
    }
    int columns = weight.columns();
    return new Matrix(gradOutput, shape.elements() / columns, columns);
  }

  /**
   * Copies a gradient to the device.
   *
   * @throws IllegalArgumentException if it is of another shape or type
   */
  DeviceBuffer upload(HostTensor gradOutput) {
    requireArgument(
        gradOutput.type() == weight.gradDtype() && gradOutput.shape().equals(shape),
        "gradOutput is %s; the gradient of the last output is %s of shape %s",
        gradOutput,
        weight.gradDtype(),
        shape);
    DeviceBuffer buffer = upload.atLeast(shape.elements());
    buffer.write(gradOutput.segment());
    return buffer;
  }

  void close() {
    upload.close();
  }
}
