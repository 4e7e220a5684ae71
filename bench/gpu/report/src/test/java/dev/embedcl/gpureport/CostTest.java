package dev.embedcl.gpureport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.memory.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

class CostTest {

  /** Copies at 4.3 TB/s, transfers of pageable memory at a few GB/s, 16 processors. */
  @Test
  void everythingFitsIntoTheTimeOnALargeGpu() {
    Bandwidth bandwidth = new Bandwidth(4300, 5, 5);
    double seconds = 0;
    for (Problem problem : Problem.all(false, "")) {
      seconds +=
          IdDistribution.values().length
              * Cost.nanos(problem, bandwidth, 8, 300_000_000L, 16)
              / 1e9;
    }
    assertThat(seconds).isBetween(20.0, 200.0); // of the 300 that conformance shares
  }

  @Test
  void namesOfSizesChooseAmongThem() {
    assertThat(Problem.all(false, "bags")).hasSize(3).allMatch(each -> each.shape().bags());
    assertThat(Problem.all(false, "B64")).hasSize(3);
    assertThat(Problem.all(true, "B64")).isEmpty();
  }

  @Test
  void bytesOfAForwardPassAreThoseOfTheComparisonOnCpus() {
    BatchShape shape = BatchShape.gpt2(8);
    Bytes bytes =
        Bytes.of(
            new Problem(shape, DType.FLOAT32),
            List.of(Batch.draw(shape, IdDistribution.UNIFORM, 0)));
    assertThat(Work.FORWARD.bytes(bytes)).isEqualTo(4 * 8192 + 4L * 768 * (2 * 8192 + 1024));
  }

  @Test
  void stepReadsTheGradientAndMovesTouchedRowsTwice() {
    BatchShape shape = new BatchShape("s", 1000, 16, 2, 3, BatchShape.Lookup.TOKENS_AND_POSITIONS);
    Batch batch = Batch.draw(shape, IdDistribution.UNIFORM, 0);
    Bytes bytes = Bytes.of(new Problem(shape, DType.BFLOAT16), List.of(batch));
    int touched = batch.rows().length + 3;
    assertThat(Work.SGD.bytes(bytes)).isEqualTo(4 * 6 + 4 * 6 * 16 + 2 * 2 * touched * 16);
    assertThat(Work.SPARSE_ADAM.bytes(bytes))
        .isEqualTo(4 * 6 + 4 * 6 * 16 + 2 * (2 + 4 + 4) * touched * 16);
  }
}
