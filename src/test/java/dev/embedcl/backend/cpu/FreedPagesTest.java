package dev.embedcl.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.cpu.FreedPages.Pages;
import org.junit.jupiter.api.Test;

final class FreedPagesTest {
  private final FreedPages freed = new FreedPages(1000);

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

  private static Pages pages(long address, long bytes) {
    return new Pages(address, bytes + 1, address + 1, bytes);
  }
}
