package dev.embedcl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.DeviceMemoryException;
import dev.embedcl.backend.DeviceUnavailableException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

final class ErrorReportTest {

  @Test
  void filesAreNamedWithCauseAndCure() {
    assertThat(ErrorReport.describe(new NoSuchFileException("a.txt")))
        .isEqualTo("a.txt: no such file or directory; check the path");
    assertThat(ErrorReport.describe(new AccessDeniedException("a.txt")))
        .isEqualTo("a.txt: permission denied; check its access rights");
    assertThat(ErrorReport.describe(new FileSystemException("a.txt", null, "Stale handle")))
        .isEqualTo("a.txt: Stale handle; check the path and the space left on its device");
    assertThat(ErrorReport.describe(new FileSystemException("a.txt")))
        .startsWith("a.txt: FileSystemException; ");
  }

  @Test
  void messagesOfTheLibraryAreLeftAsTheyAre() {
    assertThat(ErrorReport.describe(new DeviceUnavailableException("no device")))
        .isEqualTo("no device");
    assertThat(ErrorReport.describe(new DeviceMemoryException("too large", 2, 1)))
        .isEqualTo("too large");
    assertThat(ErrorReport.describe(new IOException("disk gone"))).isEqualTo("disk gone");
    assertThat(ErrorReport.describe(new IOException())).isEqualTo("IOException");
  }

  @Test
  void memoryErrorNamesTheCure() {
    assertThat(ErrorReport.describe(new OutOfMemoryError("Java heap space")))
        .isEqualTo(
            "out of memory (Java heap space): use a smaller --batch-size or --dim, or give Java"
                + " more with -Xmx");
  }

  @Test
  void whatNobodyExpectedAsksForAReport() {
    assertThat(ErrorReport.describe(new IllegalStateException("odd")))
        .isEqualTo(
            "unexpected java.lang.IllegalStateException: odd: run again with --stacktrace and"
                + " report what it prints");
  }

  @Test
  void messagesOfSeveralLinesBecomeOne() {
    assertThat(ErrorReport.oneLine(" build failed:\r\n  line 3\n\n  line 4\n"))
        .isEqualTo("build failed: line 3 line 4");
  }
}
