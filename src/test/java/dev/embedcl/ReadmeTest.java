package dev.embedcl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page that newcomers read tells the truth. */
class ReadmeTest {
  private static final Path README = Path.of("README.md");

  @Test
  void javaExampleCompilesAndRuns(@TempDir Path folder) throws Exception {
    Matcher example =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(README));
    assertThat(example.find()).isTrue();
    Path source = folder.resolve("Example.java");
    Files.writeString(
        source,
        """
        import dev.embedcl.backend.*;
        import dev.embedcl.memory.*;
        import dev.embedcl.nn.*;
        import dev.embedcl.optim.*;

        public class Example {
          public static void run() {
        """
            + example.group(1)
            + "  }\n}\n");

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
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      loader.loadClass("Example").getMethod("run").invoke(null);
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
