package dev.embedcl.gpureport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.gpureport.BatchShape.Lookup;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The reference of the batch's rows alone against whole tables, both in pure Java. */
class CorrectnessTest {
  private static final int ROWS = 300;
  private static final int DIM = 12;

  @ParameterizedTest
  @EnumSource(Lookup.class)
  void wholeTablesPassEveryCheck(Lookup lookup) {
    for (DType storage : List.of(DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16)) {
      Problem problem = problem(lookup, storage);
      for (IdDistribution ids : IdDistribution.values()) {
        Batch batch = Batch.draw(problem.shape(), ids, 0);
        try (CpuBackend java = CpuBackend.open();
            Tables tables = new Tables(java, problem, ROWS, List.of(batch));
            Correctness correctness = new Correctness(problem, batch, tables, java)) {
          correctness.reset();
          for (Work work : Work.of(problem)) {
            assertThat(correctness.check(work)).as("%s, %s", problem, work).isEmpty();
            assertThat(correctness.samples(work)).hasSize(32).doesNotContain(Double.NaN);
          }
        }
      }
    }
  }

  @Test
  void numberThatIsWrongIsFoundInRowsOfTheBatchAndInOthers() {
    Problem problem = problem(Lookup.TOKENS_AND_POSITIONS, DType.FLOAT32);
    Batch batch = Batch.draw(problem.shape(), IdDistribution.ZIPF, 0);
    int named = batch.rows()[1];
    int other = 0;
    while (Arrays.binarySearch(batch.rows(), other) >= 0) {
      other++;
    }
    for (int row : new int[] {named, other}) {
      try (CpuBackend java = CpuBackend.open();
          Tables tables = new Tables(java, problem, ROWS, List.of(batch));
          Correctness correctness = new Correctness(problem, batch, tables, java)) {
        correctness.reset();
        MemorySegment one = MemorySegment.ofArray(new float[] {2});
        tables.tokens().weight().buffer().write((long) row * DIM + 7, one);
        assertThat(correctness.check(Work.SGD)).contains("row " + row + ", column 7");
        assertThat(correctness.check(Work.FORWARD).isEmpty()).isEqualTo(row == other);
        correctness.reset();
        assertThat(correctness.check(Work.SGD)).isEmpty();
      }
    }
  }

  @Test
  void sumsWithoutOrderMayDifferByTheBoundAndNoMore() {
    try (CpuBackend java = CpuBackend.open();
        var ours = java.allocate(DType.FLOAT32, 3);
        var theirs = java.allocate(DType.FLOAT32, 2)) {
      int[] rows = {0, 2};
      int[] contributions = {1, 4}; // 4 * 3 * 2^-24
      theirs.write(MemorySegment.ofArray(new float[] {0.5f, 0.5f}));
      ours.write(MemorySegment.ofArray(new float[] {0.5f, 0, 0.5f + 12 * 0x1p-24f}));
      assertThat(difference(ours, theirs, rows, contributions)).isEmpty();
      assertThat(difference(ours, theirs, rows, null)).startsWith("row 2, column 0");
      ours.write(MemorySegment.ofArray(new float[] {0.5f, 0, 0.5f + 14 * 0x1p-24f}));
      assertThat(difference(ours, theirs, rows, contributions)).startsWith("row 2, column 0");
      ours.write(MemorySegment.ofArray(new float[] {0.5f + 0x1p-24f, 0, 0.5f}));
      assertThat(difference(ours, theirs, rows, contributions)).startsWith("row 0, column 0");
    }
  }

  private static String difference(
      DeviceBuffer ours, DeviceBuffer theirs, int[] rows, int[] contributions) {
    return Comparison.table(
        ours, theirs, 1, rows, (row, number) -> row.fill((byte) 0), contributions);
  }

  private static Problem problem(Lookup lookup, DType storage) {
    return new Problem(new BatchShape("small", ROWS, DIM, 5, 90, lookup), storage);
  }
}
