package dev.embedcl.gpureport;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a peer measured on the same card: its file has {@code name}, {@code machine}, {@code
 * results} (operation, shape, storage, ids, variant, micros), {@code fingerprints} as in our own
 * record, and {@code notes} of what it could not do.
 */
record Peer(
    String file,
    String name,
    String machine,
    List<Measured> results,
    List<Map<?, ?>> fingerprints,
    List<String> notes,
    Map<String, Object> json) {

  /** A time of one way to do an operation. */
  record Measured(
      String operation, String shape, String storage, String ids, String variant, double micros) {

    boolean isOf(Result ours) {
      return shape.equals(ours.problem().shape().name())
          && storage.equals(ours.problem().storageName())
          && ids.equals(ours.ids().title());
    }
  }

  static List<Peer> read(List<Path> files) throws IOException {
    List<Peer> peers = new ArrayList<>();
    for (Path file : files) {
      peers.add(of(file.getFileName().toString(), JSON.std.mapFrom(Files.readString(file))));
    }
    return peers;
  }

  static Peer of(String file, Map<String, Object> json) {
    List<Measured> results = new ArrayList<>();
    for (Map<?, ?> each : maps(json, "results")) {
      results.add(
          new Measured(
              text(each, "operation"),
              text(each, "shape"),
              text(each, "storage"),
              text(each, "ids"),
              text(each, "variant"),
              each.get("micros") instanceof Number micros ? micros.doubleValue() : Double.NaN));
    }
    List<String> notes =
        json.get("notes") instanceof List<?> lines
            ? lines.stream().map(String::valueOf).toList()
            : List.of();
    return new Peer(
        file,
        String.valueOf(json.getOrDefault("name", file)),
        String.valueOf(json.getOrDefault("machine", "")),
        results,
        maps(json, "fingerprints"),
        notes,
        json);
  }

  static String text(Map<?, ?> map, String name) {
    return String.valueOf(map.get(name));
  }

  private static List<Map<?, ?>> maps(Map<String, Object> json, String name) {
    List<Map<?, ?>> maps = new ArrayList<>();
    if (json.get(name) instanceof List<?> values) {
      for (Object value : values) {
        if (value instanceof Map<?, ?> map) {
          maps.add(map);
        }
      }
    }
    return maps;
  }
}
