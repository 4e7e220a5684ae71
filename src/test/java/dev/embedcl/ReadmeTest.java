package dev.embedcl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page that newcomers read tells the truth. */
class ReadmeTest {
  private static final Path README = Path.of("README.md");

  /** What the shorter examples take for granted. */
  private static final Map<String, String> CONTEXT =
      Map.ofEntries(
          Map.entry("backend", "Backend"),
          Map.entry("embedding", "InputEmbedding"),
          Map.entry("tokens", "TokenEmbedding"),
          Map.entry("gradOutput", "DeviceBuffer"),
          Map.entry("gradSums", "DeviceBuffer"),
          Map.entry("sgd", "Sgd"),
          Map.entry("ids", "int[]"),
          Map.entry("adam", "Adam"),
          Map.entry("optimizer", "Optimizer"),
          Map.entry("parameters", "List<Parameter>"),
          Map.entry("generator", "TorchGenerator"),
          Map.entry("path", "Path"),
          Map.entry("step", "long"));

  private static final String IMPORTS =
      """
      import dev.embedcl.backend.*;
      import dev.embedcl.checkpoint.*;
      import dev.embedcl.init.*;
      import dev.embedcl.memory.*;
      import dev.embedcl.nn.*;
      import dev.embedcl.op.*;
      import dev.embedcl.optim.*;
      import java.nio.file.*;
      import java.util.*;

      """;

  @Test
  void firstJavaExampleCompilesAndRuns(@TempDir Path folder) throws Exception {
    compile(
        folder,
        "public class Example {\n  public static void run() {\n"
            + examples().getFirst()
            + "  }\n}\n");
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      loader.loadClass("Example").getMethod("run").invoke(null);
    }
  }

  @Test
  void everyJavaExampleCompiles(@TempDir Path folder) throws Exception {
    List<String> examples = examples();
    assertThat(examples).hasSizeGreaterThan(2);
    StringBuilder methods = new StringBuilder("public class Example {\n");
    for (int i = 1; i < examples.size(); i++) {
      String example = examples.get(i);
      String given =
          CONTEXT.entrySet().stream()
              .filter(known -> !example.matches("(?s).*\\w[>\\]]? " + known.getKey() + " =.*"))
              .map(known -> known.getValue() + " " + known.getKey())
              .collect(Collectors.joining(", "));
      methods.append("void example" + i + "(" + given + ") throws Exception {\n");
      methods.append(example).append("}\n");
    }
    compile(folder, methods.append("}\n").toString());
  }

  private static List<String> examples() throws IOException {
    return Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
        .matcher(Files.readString(README))
        .results()
        .map(example -> example.group(1))
        .toList();
  }

  private static void compile(Path folder, String code) throws IOException {
    Path source = Files.writeString(folder.resolve("Example.java"), IMPORTS + code);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of("-d", folder.toString(), "-cp", System.getProperty("java.class.path"));
      boolean compiled =
          compiler
              .getTask(messages, files, null, options, null, files.getJavaFileObjects(source))
              .call();
      assertThat(compiled).as(messages.toString()).isTrue();
    }
  }

  @Test
  void linkedFilesExist() throws Exception {
    Matcher link = Pattern.compile("\\]\\(([^):#]+)\\)").matcher(Files.readString(README));
    while (link.find()) {
      assertThat(Path.of(link.group(1))).exists();
    }
  }
}
