package dev.embedcl.cli;

import dev.embedcl.cli.EmbedRequest.Output;
import dev.embedcl.io.Npy;
import dev.embedcl.io.NpyWriter;
import dev.embedcl.io.Safetensors;
import dev.embedcl.io.SafetensorsWriter;
import dev.embedcl.io.TensorSpec;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.Shape;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/**
 * The output of {@code embed}, written batch by batch; it appears under its name when finished, and
 * closing an unfinished one leaves nothing behind.
 */
interface EmbeddingFile extends Closeable {

  /**
   * Appends one batch.
   *
   * @param inputIds int64, [batchSize, maxLength]
   * @param targetIds int64, [batchSize, maxLength]
   * @param embeddings float32, [batchSize, maxLength, dim]
   */
  void write(MemorySegment inputIds, MemorySegment targetIds, MemorySegment embeddings)
      throws IOException;

  /** Completes the file. */
  void finish() throws IOException;

  /**
   * Starts a file.
   *
   * @param shape [windows, maxLength, dim]
   * @param metadata goes into formats that have a place for it
   */
  static EmbeddingFile create(Output output, Shape shape, Map<String, String> metadata)
      throws IOException {
    return switch (output.format()) {
      case SAFETENSORS -> {
        Shape ids = Shape.of(shape.size(0), shape.size(1));
        yield new SafetensorsFile(
            Safetensors.create(
                output.file(),
                List.of(
                    new TensorSpec("input_ids", DType.INT64, ids),
                    new TensorSpec("target_ids", DType.INT64, ids),
                    new TensorSpec("input_embeddings", DType.FLOAT32, shape)),
                metadata));
      }
      case NPY -> new NpyFile(Npy.create(output.file(), DType.FLOAT32, shape));
    };
  }

  /** Ids, targets and embeddings. */
  record SafetensorsFile(SafetensorsWriter writer) implements EmbeddingFile {
    @Override
    public void write(MemorySegment inputIds, MemorySegment targetIds, MemorySegment embeddings)
        throws IOException {
      writer.write("input_ids", inputIds);
      writer.write("target_ids", targetIds);
      writer.write("input_embeddings", embeddings);
    }

    @Override
    public void finish() throws IOException {
      writer.finish();
    }

    @Override
    public void close() throws IOException {
      writer.close();
    }
  }

  /** The embeddings alone: the format holds one array. */
  record NpyFile(NpyWriter writer) implements EmbeddingFile {
    @Override
    public void write(MemorySegment inputIds, MemorySegment targetIds, MemorySegment embeddings)
        throws IOException {
      writer.write(embeddings);
    }

    @Override
    public void finish() throws IOException {
      writer.finish();
    }

    @Override
    public void close() throws IOException {
      writer.close();
    }
  }
}
