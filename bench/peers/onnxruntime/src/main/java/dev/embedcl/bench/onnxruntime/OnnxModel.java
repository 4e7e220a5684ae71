package dev.embedcl.bench.onnxruntime;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Writes the few fields of ONNX's protocol buffers that a small graph needs; numbers of fields are
 * those of onnx.proto.
 */
final class OnnxModel {
  static final int FLOAT = 1;
  static final int INT32 = 6;
  static final int INT64 = 7;

  private static final int IR_VERSION = 8;
  private static final int OPSET = 16;

  private final ByteArrayOutputStream graph = new ByteArrayOutputStream();

  OnnxModel() {
    text(graph, 2, "graph");
  }

  OnnxModel input(String name, int type, long... shape) {
    message(graph, 11, value(name, type, shape));
    return this;
  }

  OnnxModel output(String name, int type, long... shape) {
    message(graph, 12, value(name, type, shape));
    return this;
  }

  OnnxModel node(String operator, List<String> inputs, String output) {
    return node(operator, inputs, output, new ByteArrayOutputStream());
  }

  /** Adds a node with an attribute that is a string. */
  OnnxModel node(
      String operator, List<String> inputs, String output, String attribute, String value) {
    ByteArrayOutputStream string = new ByteArrayOutputStream();
    text(string, 1, attribute);
    text(string, 4, value);
    number(string, 20, 3);
    return node(operator, inputs, output, string);
  }

  /** Adds a node with an attribute that is a whole number. */
  OnnxModel node(
      String operator, List<String> inputs, String output, String attribute, long value) {
    ByteArrayOutputStream integer = new ByteArrayOutputStream();
    text(integer, 1, attribute);
    number(integer, 3, value);
    number(integer, 20, 2);
    return node(operator, inputs, output, integer);
  }

  byte[] bytes() {
    ByteArrayOutputStream operators = new ByteArrayOutputStream();
    text(operators, 1, "");
    number(operators, 2, OPSET);
    ByteArrayOutputStream model = new ByteArrayOutputStream();
    number(model, 1, IR_VERSION);
    message(model, 7, graph);
    message(model, 8, operators);
    return model.toByteArray();
  }

  private OnnxModel node(
      String operator, List<String> inputs, String output, ByteArrayOutputStream attribute) {
    ByteArrayOutputStream node = new ByteArrayOutputStream();
    inputs.forEach(input -> text(node, 1, input));
    text(node, 2, output);
    text(node, 4, operator);
    if (attribute.size() > 0) {
      message(node, 5, attribute);
    }
    message(graph, 1, node);
    return this;
  }

  private static ByteArrayOutputStream value(String name, int type, long[] shape) {
    ByteArrayOutputStream sizes = new ByteArrayOutputStream();
    for (long size : shape) {
      ByteArrayOutputStream dimension = new ByteArrayOutputStream();
      number(dimension, 1, size);
      message(sizes, 1, dimension);
    }
    ByteArrayOutputStream tensor = new ByteArrayOutputStream();
    number(tensor, 1, type);
    message(tensor, 2, sizes);
    ByteArrayOutputStream kind = new ByteArrayOutputStream();
    message(kind, 1, tensor);
    ByteArrayOutputStream value = new ByteArrayOutputStream();
    text(value, 1, name);
    message(value, 2, kind);
    return value;
  }

  private static void number(ByteArrayOutputStream to, int field, long value) {
    varint(to, (long) field << 3);
    varint(to, value);
  }

  private static void text(ByteArrayOutputStream to, int field, String value) {
    bytes(to, field, value.getBytes(StandardCharsets.UTF_8));
  }

  private static void message(ByteArrayOutputStream to, int field, ByteArrayOutputStream value) {
    bytes(to, field, value.toByteArray());
  }

  private static void bytes(ByteArrayOutputStream to, int field, byte[] value) {
    varint(to, (long) field << 3 | 2);
    varint(to, value.length);
    to.writeBytes(value);
  }

  private static void varint(ByteArrayOutputStream to, long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      to.write((int) (rest & 0x7F | 0x80));
      rest >>>= 7;
    }
    to.write((int) rest);
  }
}
