package dev.embedcl.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class FreedMemoryTest {
  private final FreedMemory<Pages> freed = new FreedMemory<>(1000, 3);

  private record Pages(long address, long bytes) implements FreedMemory.Stretch {}

  @Test
  void pagesAreGivenOutOnceAndTheLatestFirst() {
    Pages old = pages(1, 100);
    Pages young = pages(2, 100);
    assertThat(freed.keep(old)).isEmpty();
    assertThat(freed.keep(young)).isEmpty();
    assertThat(freed.take(100)).isEqualTo(young);
    assertThat(freed.take(100)).isEqualTo(old);
    assertThat(freed.take(100)).isNull();
  }

  @Test
  void aQuarterMayBeWasted() {
    assertThat(freed.keep(pages(1, 126))).isEmpty();
    assertThat(freed.keep(pages(2, 99))).isEmpty();
    assertThat(freed.take(100)).isNull();
    assertThat(freed.keep(pages(3, 125))).isEmpty();
    assertThat(freed.take(100)).isEqualTo(pages(3, 125));
  }

  @Test
  void beyondTheLimitTheOldestGo() {
    assertThat(freed.keep(pages(1, 400))).isEmpty();
    assertThat(freed.keep(pages(2, 300))).isEmpty();
    assertThat(freed.keep(pages(3, 900))).containsExactly(pages(1, 400), pages(2, 300));
    assertThat(freed.keep(pages(4, 1001))).containsExactly(pages(3, 900), pages(4, 1001));
    assertThat(freed.take(900)).isNull();
  }

  @Test
  void beyondTheNumberTheOldestGo() {
    for (int i = 1; i <= 3; i++) {
      assertThat(freed.keep(pages(i, 10))).isEmpty();
    }
    assertThat(freed.keep(pages(4, 10))).containsExactly(pages(1, 10));
  }

  @Test
  void allCanBeTakenOut() {
    assertThat(freed.keep(pages(1, 400))).isEmpty();
    assertThat(freed.keep(pages(2, 500))).isEmpty();
    assertThat(freed.drain()).containsExactly(pages(1, 400), pages(2, 500));
    assertThat(freed.take(500)).isNull();
    assertThat(freed.keep(pages(3, 1000))).isEmpty();
  }

  private static Pages pages(long address, long bytes) {
    return new Pages(address, bytes);
  }
}
