package dev.embedcl.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AtomicFileTest {
  @TempDir private Path directory;

  private static MemorySegment text(String text) {
    return MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8));
  }

  private static void write(Path path, String text) throws IOException {
    try (AtomicFile file = AtomicFile.create(path, text.length())) {
      file.write(0, text(text));
      file.commit();
    }
  }

  private List<Path> files() throws IOException {
    try (var files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }

  @Test
  void theFileAppearsWhenCommittedAndNotBefore() throws IOException {
    Path path = directory.resolve("a.txt");
    Files.writeString(path, "old");
    try (AtomicFile file = AtomicFile.create(path, 6)) {
      file.write(3, text("def"));
      file.write(0, text("abc"));
      assertThat(path).hasContent("old");
      assertThat(files())
          .hasSize(2)
          .anyMatch(each -> each.toString().matches(".*/a\\.txt\\.[0-9a-f]{16}\\.embedcl-part"));
      file.commit();
    }
    assertThat(path).hasContent("abcdef");
    assertThat(files()).containsExactly(path);
  }

  @Test
  void closingWithoutCommitLeavesTheOldFileAlone() throws IOException {
    Path path = directory.resolve("a.txt");
    Files.writeString(path, "old");
    AtomicFile file = AtomicFile.create(path, 3);
    file.write(0, text("new"));
    file.close();
    file.close();
    assertThat(path).hasContent("old");
    assertThat(files()).containsExactly(path);
    assertThatIllegalStateException()
        .isThrownBy(file::commit)
        .withMessageContaining(path.toString());
    assertThatIllegalStateException().isThrownBy(() -> file.write(0, text("x")));
  }

  @Test
  void aPartFileThatSomebodyDeletedIsNamed() throws IOException {
    Path path = directory.resolve("a.txt");
    try (AtomicFile file = AtomicFile.create(path, 3)) {
      Files.delete(files().getFirst());
      assertThatThrownBy(file::commit)
          .isInstanceOf(IOException.class)
          .hasMessageContainingAll("cannot write " + path, "vanished", AtomicFile.PART_SUFFIX);
      assertThatThrownBy(file::commit)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("cannot write " + path + ": java.nio.channels.ClosedChannel");
    }
  }

  @Test
  void twoWritersOfOneFileDoNotMix() throws IOException {
    Path path = directory.resolve("a.txt");
    try (AtomicFile first = AtomicFile.create(path, 5);
        AtomicFile second = AtomicFile.create(path, 6)) {
      first.write(0, text("first"));
      second.write(0, text("second"));
      second.commit();
      first.commit();
    }
    assertThat(path).hasContent("first");
    assertThat(files()).containsExactly(path);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aNewFileHasThePermissionsThatTheUmaskLeaves() throws IOException {
    Path expected = Files.createFile(directory.resolve("plain"));
    Path path = directory.resolve("a.txt");
    write(path, "new");
    assertThat(Files.getPosixFilePermissions(path))
        .isEqualTo(Files.getPosixFilePermissions(expected));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aReplacedFileKeepsItsPermissions() throws IOException {
    Path path = directory.resolve("a.txt");
    for (String permissions : new String[] {"rw-------", "rw-rw-rw-"}) {
      Files.writeString(path, "old");
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
      write(path, "new");
      assertThat(path).hasContent("new");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
          .isEqualTo(permissions);
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void symbolicLinksStayAndTheirFileIsReplaced() throws IOException {
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    Path file = Files.writeString(elsewhere.resolve("real.txt"), "old");
    Path inner = Files.createSymbolicLink(elsewhere.resolve("inner"), Path.of("real.txt"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("elsewhere/inner"));
    write(link, "new");
    assertThat(link).isSymbolicLink();
    assertThat(inner).isSymbolicLink();
    assertThat(file).hasContent("new");
    Path dangling = Files.createSymbolicLink(directory.resolve("dangling"), Path.of("later.txt"));
    write(dangling, "later");
    assertThat(dangling).isSymbolicLink();
    assertThat(directory.resolve("later.txt")).hasContent("later");
    Path circle = Files.createSymbolicLink(directory.resolve("circle"), Path.of("circle"));
    assertThatThrownBy(() -> write(circle, "new"))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll(circle.toString(), "circle of symbolic links");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/dev/stdout", "/dev/null", "/dev/full", "/proc/self/fd/1"})
  @EnabledOnOs(OS.LINUX)
  void devicesAndHandlesAreRefused(String path) {
    assertThatThrownBy(() -> write(Path.of(path), "new"))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("cannot write " + path, "no regular file", "write to a file");
  }

  @Test
  void directoriesAreRefused() throws IOException {
    assertThatThrownBy(() -> write(directory, "new"))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("cannot write " + directory, "is a directory");
    Path path = directory.resolve("missing/a.txt");
    assertThatThrownBy(() -> write(path, "new"))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll(
            "cannot write " + path, "directory " + path.getParent() + " does not exist", "create");
    Path file = Files.createFile(directory.resolve("file"));
    assertThatThrownBy(() -> write(file.resolve("a.txt"), "new"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot write " + file.resolve("a.txt"));
  }

  @Test
  void anUnwritableDirectoryIsNamed() throws IOException {
    Path locked = Files.createDirectory(directory.resolve("locked"));
    assumeThat(locked.toFile().setWritable(false)).isTrue();
    assumeThat(Files.isWritable(locked)).as("not running as root").isFalse();
    assertThatThrownBy(() -> write(locked.resolve("a.txt"), "new"))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("no permission to write in directory " + locked, "choose another");
  }

  @Test
  void causesAreTranslatedIntoCures() {
    Path path = directory.resolve("a.txt");
    WriteTarget target = new WriteTarget(path, path, Long.MAX_VALUE);
    assertThat(target.explain(new AccessDeniedException(path.toString())))
        .hasMessage(
            "cannot write %s: no permission to write in directory %s; change its permissions or"
                + " choose another",
            path, directory);
    IOException full = new IOException("No space left on device");
    assertThat(target.explain(full))
        .hasCause(full)
        .hasMessageMatching(
            ".*a.txt: No space left on device \\(the file takes 9223372036854775807 bytes, .* has"
                + " room for \\d+ more; make room or choose another place\\)");
    assertThat(target.explain(new FileSystemException("x", null, "Read-only file system")))
        .hasMessageContaining("a.txt: Read-only file system (the file takes ");
  }

  @Test
  void anInterruptedThreadLeavesNothingBehind() throws Exception {
    Path path = directory.resolve("a.txt");
    AtomicReference<IOException> thrown = new AtomicReference<>();
    Thread thread =
        Thread.ofPlatform()
            .start(() -> {
              try (AtomicFile file = AtomicFile.create(path, 3)) {
                Thread.currentThread().interrupt();
                file.write(0, text("new"));
                file.commit();
              } catch (IOException e) {
                thrown.set(e);
              }
            });
    thread.join();
    assertThat(thrown.get())
        .hasMessageContaining("thread was interrupted")
        .hasNoSuppressedExceptions();
    assertThat(files()).isEmpty();
  }

  @Test
  void namesAsLongAsTheFileSystemAllowsAreWritten() throws IOException {
    for (String name : new String[] {"x".repeat(255), "ä".repeat(127)}) {
      Path path = directory.resolve(name);
      write(path, "new");
      assertThat(path).hasContent("new");
      Files.delete(path);
    }
    assertThatThrownBy(() -> write(directory.resolve("x".repeat(256)), "new"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot write");
    assertThat(files()).isEmpty();
  }
}
