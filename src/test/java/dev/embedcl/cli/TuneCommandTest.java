package dev.embedcl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.backend.DeviceInfo;
import dev.embedcl.backend.opencl.LaunchProfile;
import dev.embedcl.backend.opencl.OpenClBackend;
import dev.embedcl.backend.opencl.TunedProfiles;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.Operation;
import dev.embedcl.opencl.Context;
import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.LiveObjects;
import dev.embedcl.opencl.OpenClTestDevice;
import dev.embedcl.opencl.Queue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code embedcl tune}: what it tries, checks and keeps, not how fast anything is. */
final class TuneCommandTest {
  private static final TuneRequest TINY = new TuneRequest(Optional.empty(), 40, 21, 3, 7, 1);

  @TempDir private Path directory;

  @Test
  void profilesAreTriedAndTheBestIsKept() throws IOException {
    Device device = OpenClTestDevice.require();
    long before = LiveObjects.count();
    String old = System.setProperty(TunedProfiles.PROPERTY, directory.resolve("new").toString());
    try {
      CommandRun run =
          CommandRun.of(
              "tune",
              "--device",
              selector(device),
              "--seconds",
              0.5,
              "--vocabulary",
              40,
              "--dim",
              16,
              "--batch-size",
              3,
              "--length",
              7);
      assertThat(run.err()).isEmpty();
      assertThat(run.status()).isZero();
      List<String> lines = run.out().lines().toList();
      assertThat(lines.get(1)).isEqualTo("shape       3 x 7 ids, table [40, 16] float32");
      assertThat(lines.get(4)).startsWith("vectorBytes  workGroupItems  rowsInFlight  ");
      assertThat(lines.get(6)).containsPattern("µs +[0-9.]+ %( {2}taken)?$");
      Path file = TunedProfiles.file(device).orElseThrow();
      if (lines.getLast().startsWith("kept in")) {
        assertThat(lines.getLast()).isEqualTo("kept in     " + file);
        try (OpenClBackend backend = OpenClBackend.open(device)) {
          assertThat(backend.profile().name()).isEqualTo("tuned");
        }
      } else {
        assertThat(lines.getLast()).contains("the profile in use").endsWith("faster by 2 %");
        assertThat(file).doesNotExist();
      }
      assertThat(LiveObjects.count()).isEqualTo(before);
    } finally {
      restore(old);
    }
  }

  @Test
  void measuredProfileIsUsedWhenTheDeviceIsOpened() throws IOException {
    Device device = OpenClTestDevice.require();
    LaunchProfile profile = new LaunchProfile("any", 32, false, 4, 77, 5, 2, 1, 0, true);
    String old = System.setProperty(TunedProfiles.PROPERTY, directory.toString());
    try {
      Path file = TunedProfiles.file(device).orElseThrow();
      Files.writeString(file, TunedProfiles.text(device, profile, "by hand"));
      try (OpenClBackend backend = OpenClBackend.open(device)) {
        assertThat(backend.profile()).isEqualTo(profile.named("tuned"));
        assertThat(backend.device().profile()).isEqualTo("tuned");
      }
      Files.writeString(file, "{");
      try (OpenClBackend backend = OpenClBackend.open(device)) {
        assertThat(backend.profile()).isEqualTo(TunedProfiles.bundled(device));
      }
    } finally {
      restore(old);
    }
  }

  /** Vectors of 8 that are not aligned, and a tail: the tests of operations have other profiles. */
  @Test
  void everyProfileGivesTheReferencesBitsAndOtherBitsAreFound() {
    Device device = OpenClTestDevice.require();
    Context context = Context.open(device);
    try (OpenClBackend backend = OpenClBackend.wrap(context, Queue.open(context, true));
        Forgetful java = new Forgetful(Backends.open("cpu"));
        TuneProblem problem = new TuneProblem(backend, java, TINY)) {
      LaunchProfile profile = new LaunchProfile("any", 32, true, 2, 2, 0, 2, 1, 0, true);
      assertThat(problem.check(profile)).isEmpty();
      TuneTimes times = problem.sample(profile);
      assertThat(List.of(times.forward(), times.backward(), times.step()))
          .allSatisfy(nanos -> assertThat(nanos).isPositive());
      assertThat(problem.check(profile)).as("after steps that change nothing").isEmpty();
      java.forgets = true;
      assertThat(problem.check(profile))
          .hasValueSatisfying(
              wrong -> assertThat(wrong).startsWith("wrong bits in the gradient of "));
      java.forgets = false;
      problem.restore();
      assertThat(problem.check(profile)).isEmpty();
    }
  }

  @Test
  void wrongOptionsAndDevicesWithoutProfilesAreNamed() {
    CommandRun seconds = CommandRun.of("tune", "--seconds", 0);
    assertThat(seconds.err()).contains("--seconds 0.0: give a time above 0 and up to 3600");
    assertThat(seconds.status()).isEqualTo(2);
    CommandRun ids = CommandRun.of("tune", "--batch-size", 100_000, "--length", 100_000);
    assertThat(ids.err()).contains("exceeds 2^31-9 ids per call: make one smaller");
    assertThat(ids.status()).isEqualTo(2);
    CommandRun java = CommandRun.of("tune", "--device", "cpu");
    assertThat(java.err()).contains("has no launch profile: name an OpenCL device with --device");
    assertThat(java.status()).isEqualTo(1);
  }

  private static String selector(Device device) {
    return "opencl:" + device.platform().index() + "." + device.index();
  }

  private static void restore(@Nullable String old) {
    if (old == null) {
      System.clearProperty(TunedProfiles.PROPERTY);
    } else {
      System.setProperty(TunedProfiles.PROPERTY, old);
    }
  }

  /** A backend that leaves out the sums by row while it is told so. */
  private static final class Forgetful implements Backend {
    private final Backend inner;
    private boolean forgets;

    Forgetful(Backend inner) {
      this.inner = inner;
    }

    @Override
    public DeviceInfo device() {
      return inner.device();
    }

    @Override
    public DeviceBuffer allocate(DType type, long elements) {
      return inner.allocate(type, elements);
    }

    @Override
    public DeviceBuffer allocateUninitialized(DType type, long elements) {
      return inner.allocateUninitialized(type, elements);
    }

    @Override
    public void execute(Operation operation) {
      if (!(forgets && operation instanceof EmbeddingUpdate)) {
        inner.execute(operation);
      }
    }

    @Override
    public void synchronize() {
      inner.synchronize();
    }

    @Override
    public void close() {
      inner.close();
    }
  }
}
