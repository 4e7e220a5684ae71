package dev.embedcl.cli;

import dev.embedcl.io.Safetensors;
import dev.embedcl.io.SafetensorsWriter;
import dev.embedcl.io.TensorSpec;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer.MapMode;
import dev.embedcl.memory.DeviceBuffer.Mapping;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.Parameter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes the tables of a layer for {@code --save-weights}. */
final class TableWriter {
  private TableWriter() {}

  /**
   * Writes a layer's tables under GPT-2's names.
   *
   * @param metadata what the tables depend on
   * @throws IOException if the file cannot be written; nothing of it is left then
   */
  static void save(Path file, InputEmbedding layer, Map<String, String> metadata)
      throws IOException {
    Map<String, Parameter> tables = new LinkedHashMap<>();
    tables.put(TableKind.TOKENS.gpt2Name(), layer.tokens().weight());
    layer
        .positions()
        .ifPresent(positions -> tables.put(TableKind.POSITIONS.gpt2Name(), positions.weight()));
    List<TensorSpec> specs =
        tables.entrySet().stream()
            .map(each -> new TensorSpec(each.getKey(), DType.FLOAT32, each.getValue().shape()))
            .toList();
    try (AbandonOnExit onExit = new AbandonOnExit();
        SafetensorsWriter writer = onExit.create(() -> Safetensors.create(file, specs, metadata))) {
      for (Map.Entry<String, Parameter> each : tables.entrySet()) {
        try (Mapping mapping = each.getValue().matrix().buffer().map(MapMode.READ)) {
          writer.write(each.getKey(), mapping.segment());
        }
      }
      writer.finish();
    }
  }
}
