package dev.embedcl.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Compilation, its errors, the cache and the kernel pools. */
class ProgramTest extends OpenClFixture {
  private static final String SOURCE =
      "kernel void set(global int *out) { out[get_global_id(0)] = VALUE; }";

  @Test
  void buildErrorHoldsLogOptionsAndDevice() {
    long live = LiveObjects.count();
    assertThatThrownBy(() -> context.program("kernel void f() { undeclared = 1; }", "-DX=1"))
        .isInstanceOfSatisfying(
            ProgramBuildException.class,
            e -> {
              assertThat(e.status()).isEqualTo(-11);
              assertThat(e.symbol()).isEqualTo("CL_BUILD_PROGRAM_FAILURE");
              assertThat(e.call()).isEqualTo("clBuildProgram");
              assertThat(e.log()).contains("undeclared");
              assertThat(e)
                  .hasMessageContaining("undeclared")
                  .hasMessageContaining("-DX=1")
                  .hasMessageContaining(context.device().name());
            });
    assertThat(LiveObjects.count()).isEqualTo(live);
  }

  @Test
  void unknownOptionIsABuildError() {
    assertThatThrownBy(() -> context.program(SOURCE, "-DVALUE=1 --no-such-option"))
        .isInstanceOf(ProgramBuildException.class)
        .hasMessageContaining("--no-such-option");
  }

  @Test
  void cacheIsKeyedBySourceAndOptions() {
    Program one = context.program(SOURCE, "-DVALUE=1");
    assertThat(context.program(SOURCE, "-DVALUE=1")).isSameAs(one);
    assertThat(context.program(SOURCE, "-DVALUE=2")).isNotSameAs(one);
    assertThat(context.program(SOURCE + " ", "-DVALUE=1")).isNotSameAs(one);
  }

  @Test
  void closedProgramIsBuiltAgain() {
    Program first = context.program(SOURCE, "-DVALUE=1");
    first.close();
    Program second = context.program(SOURCE, "-DVALUE=1");
    assertThat(second).isNotSameAs(first);
    assertThat(second.kernel("set").arguments()).isEqualTo(1);
    assertThatThrownBy(() -> first.kernel("set"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("Program");
  }

  @Test
  void concurrentRequestsBuildOnce() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      long live = LiveObjects.count();
      Callable<Program> request = () -> context.program(SOURCE, "-DVALUE=3");
      List<Callable<Program>> requests = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        requests.add(request);
      }
      Set<Program> programs =
          threads.invokeAll(requests).stream().map(Future::resultNow).collect(Collectors.toSet());
      assertThat(programs).hasSize(1);
      assertThat(LiveObjects.count()).isEqualTo(live + 1);
    }
  }

  @Test
  void binaryIsThere() {
    assertThat(context.program(SOURCE, "-DVALUE=1").binary()).hasSizeGreaterThan(100);
  }

  @Test
  void contextListsThePrograms() {
    Program program = context.program(SOURCE, "-DVALUE=1");
    assertThat(context.programs()).containsExactly(program);
    assertThat(program.source()).isEqualTo(SOURCE);
    assertThat(program.options()).isEqualTo("-DVALUE=1");
    program.close();
    assertThat(context.programs()).isEmpty();
  }

  @Test
  void logOfASuccessfulBuildCanBeRead() {
    assertThat(context.program(SOURCE, "-DVALUE=1").log()).doesNotContain("error");
  }

  @Test
  void leasedKernelsAreNeverShared() {
    KernelPool pool = context.program(SOURCE, "-DVALUE=1").kernels("set");
    try (KernelLease one = pool.lease();
        KernelLease other = pool.lease()) {
      assertThat(one.kernel()).isNotSameAs(other.kernel());
    }
  }

  @Test
  void leaseClosedTwiceGivesItsKernelBackOnce() {
    KernelPool pool = context.program(SOURCE, "-DVALUE=1").kernels("set");
    KernelLease lease = pool.lease();
    lease.close();
    lease.close();
    assertThatThrownBy(lease::kernel)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("set");
    try (KernelLease one = pool.lease();
        KernelLease other = pool.lease()) {
      assertThat(one.kernel()).isNotSameAs(other.kernel());
    }
  }

  @Test
  void leaseThatOutlivesItsProgramIsReleased() {
    long live = LiveObjects.count();
    Program program = Program.build(context, SOURCE, "-DVALUE=1");
    KernelPool pool = program.kernels("set");
    KernelLease lease = pool.lease();
    program.close();
    assertThatThrownBy(pool::lease).isInstanceOf(IllegalStateException.class);
    lease.close();
    assertThat(LiveObjects.count()).isEqualTo(live);
  }
}
