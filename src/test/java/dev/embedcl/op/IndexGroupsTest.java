package dev.embedcl.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link IndexGroups} against a sorted map of lists. */
final class IndexGroupsTest {

  @ParameterizedTest
  @CsvSource({
    // ids, embeddings; ids are counted from a quarter of the table on, else sorted by digits
    "1000, 4000", // counted
    "1000, 7", // counted
    "999, 4000", // two digits
    "10, 1000", // one digit
    "1000, 2048", // counted
    "300, 2049", // two digits
    "300, 4194304", // two digits, all of their values
    "300, 4194305", // three digits
    "300, 2147483648", // three digits, the largest table
    "0, 5",
    "0, 2147483648",
    "1, 1",
    "1, 2147483648"
  })
  void bothSortsGroupAsAMapDoes(int count, long numEmbeddings) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      // Half of them from a few rows, so that there are repetitions in a large table too.
      long row = random.nextLong(random.nextBoolean() ? numEmbeddings : Math.min(numEmbeddings, 9));
      ids[i] = (int) row;
    }
    if (count > 0) {
      ids[0] = (int) (numEmbeddings - 1);
    }
    int[] given = ids.clone();
    check(IndexGroups.of(ids, numEmbeddings), ids, numEmbeddings);
    assertThat(ids).as("the caller's ids").isEqualTo(given);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 63, 64, 65, 127, 128, 129, 10_000})
  void longRowsAreCutIntoBlocks(int hits) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    int[] few = TestBatch.hotRow(random, hits + 200, 90, 41, hits);
    check(IndexGroups.of(few, 90), few, 90);
    int[] many = TestBatch.hotRow(random, hits + 200, 1_000_000, 41, hits);
    check(IndexGroups.of(many, 1_000_000), many, 1_000_000);
  }

  @Test
  void oneInstanceServesBatchAfterBatch() {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    IndexGroups groups = new IndexGroups();
    for (int i = 0; i < 200; i++) {
      int numEmbeddings = 1 + random.nextInt(random.nextBoolean() ? 30 : 100_000);
      int[] ids = TestBatch.zipf(random, random.nextInt(500), numEmbeddings);
      int count = ids.length == 0 ? 0 : random.nextInt(ids.length + 1);
      check(groups.rebuild(ids, count, numEmbeddings), Arrays.copyOf(ids, count), numEmbeddings);
    }
  }

  @Test
  void newGroupsAreThoseOfAnEmptyBatch() {
    check(new IndexGroups(), new int[0], 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 5, Integer.MIN_VALUE, Integer.MAX_VALUE})
  void badIdIsNamedAndLeavesTheGroupsAsTheyWere(int bad) {
    int[] before = {3, 1, 3};
    IndexGroups groups = IndexGroups.of(before, 5);
    assertThatThrownBy(() -> groups.rebuild(new int[] {0, 4, bad, -9}, 4, 5))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("indices[2] = " + bad + " is out of range [0, 5)");
    check(groups, before, 5);
  }

  @Test
  void idsBehindTheCountAreNotLookedAt() {
    check(new IndexGroups().rebuild(new int[] {1, 0, -7}, 2, 2), new int[] {1, 0}, 2);
  }

  @Test
  void wrongCountsAndTablesAreRefused() {
    IndexGroups groups = new IndexGroups();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> groups.rebuild(new int[3], 4, 5))
        .withMessage("count = 4 is out of range [0, 3]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> groups.rebuild(new int[3], -1, 5))
        .withMessage("count = -1 is out of range [0, 3]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> groups.rebuild(new int[3], 3, (1L << 31) + 1))
        .withMessage("numEmbeddings = 2147483649 exceeds the limit of 2147483648");
  }

  @Test
  void paddingIsLeftOut() {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    IndexGroups groups = new IndexGroups();
    for (int i = 0; i < 200; i++) {
      int numEmbeddings = 1 + random.nextInt(random.nextBoolean() ? 30 : 100_000);
      int[] ids = TestBatch.zipf(random, random.nextInt(500), numEmbeddings);
      int padding = ids.length == 0 || i % 7 == 0 ? numEmbeddings - 1 : ids[0];
      groups.rebuild(ids, ids.length, numEmbeddings, padding);
      List<Integer> kept = new ArrayList<>();
      for (int n = 0; n < ids.length; n++) {
        if (ids[n] != padding) {
          kept.add(n);
        }
      }
      assertThat(groups.sourceRows()).isEqualTo(ids.length);
      assertThat(groups.isScaled()).isFalse();
      // The groups of the ids that are left, but for where they stand.
      int[] left = kept.stream().mapToInt(n -> ids[n]).toArray();
      IndexGroups expected = IndexGroups.of(left, numEmbeddings);
      expected.fromRows(kept.stream().mapToInt(Integer::intValue).toArray(), ids.length);
      assertThat(groups.packed().toArray(ValueLayout.JAVA_INT))
          .as("-Dembedcl.test.seed=%d", TestBatch.SEED)
          .isEqualTo(expected.packed().toArray(ValueLayout.JAVA_INT));
      assertThat(groups.count()).isEqualTo(kept.size());
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> groups.rebuild(new int[3], 3, 5, 5))
        .withMessage("paddingIdx = 5 is out of range [0, 5)");
  }

  @Test
  void scalesFollowTheirContributions() {
    IndexGroups groups = new IndexGroups().rebuild(new int[] {3, 1, 3, 0, 3}, 5, 4, 0);
    assertThat(groups.scales().byteSize()).isZero();
    groups.scaledByFrequency();
    assertThat(groups.scales().toArray(ValueLayout.JAVA_FLOAT))
        .containsExactly(1, 1 / 3f, 1 / 3f, 1 / 3f);
    groups.scaledBy(new float[] {1, 2, 4, 8, 16});
    assertThat(groups.scales().toArray(ValueLayout.JAVA_FLOAT))
        .containsExactly(2, 1 / 3f, 4 / 3f, 16 / 3f);
    groups.fromRows(new int[] {0, 0, 1, 1, 1}, 2);
    assertThat(groups.sourceRows()).isEqualTo(2);
    assertThat(List.of(groups.position(0), groups.position(1), groups.position(3)))
        .containsExactly(0, 0, 1);
    assertThat(groups.scale(3)).isEqualTo(16 / 3f);
    assertThat(groups.rebuild(new int[1], 1, 4).isScaled()).isFalse();
  }

  @Test
  void uniqueRowsAreNumbered() {
    int[] ids = new int[70];
    Arrays.fill(ids, 7);
    ids[0] = 9;
    ids[1] = 2;
    CompactRows rows = IndexGroups.of(ids, 10).compactRows();
    assertThat(rows.packed().toArray(ValueLayout.JAVA_INT))
        .containsExactly(2, 7, 9, /* of each block */ 0, 1, 1, 2, /* of each long row */ 1);
    assertThat(rows.tableRow(2)).isEqualTo(9);
    assertThat(rows.ofBlock(3)).isEqualTo(2);
    assertThat(rows.ofLongRow(0)).isEqualTo(1);
  }

  private static void check(IndexGroups groups, int[] ids, long numEmbeddings) {
    Map<Integer, List<Integer>> rows = new TreeMap<>();
    for (int n = 0; n < ids.length; n++) {
      rows.computeIfAbsent(ids[n], id -> new ArrayList<>()).add(n);
    }
    List<Integer> positions = new ArrayList<>();
    List<Integer> starts = new ArrayList<>();
    List<Integer> blockRows = new ArrayList<>();
    List<Integer> blockSlots = new ArrayList<>();
    List<Integer> longRows = new ArrayList<>();
    List<Integer> longStarts = new ArrayList<>();
    int slots = 0;
    for (var row : rows.entrySet()) {
      boolean isLong = row.getValue().size() > 64;
      if (isLong) {
        longRows.add(row.getKey());
        longStarts.add(slots);
      }
      for (int i = 0; i < row.getValue().size(); i++) {
        if (i % 64 == 0) {
          starts.add(positions.size());
          blockRows.add(row.getKey());
          blockSlots.add(isLong ? slots++ : -1);
        }
        positions.add(row.getValue().get(i));
      }
    }
    starts.add(positions.size());
    longStarts.add(slots);

    assertThat(groups.count()).isEqualTo(ids.length);
    assertThat(groups.numEmbeddings()).isEqualTo(numEmbeddings);
    assertThat(groups.uniqueRows()).isEqualTo(rows.size());
    assertThat(groups.blocks()).isEqualTo(blockRows.size());
    assertThat(groups.longRows()).isEqualTo(longRows.size());
    assertThat(groups.slots()).isEqualTo(slots);
    List<Integer> packed = new ArrayList<>();
    for (int i = 0; i < ids.length; i++) {
      packed.add(groups.position(i));
    }
    for (int i = 0; i <= groups.blocks(); i++) {
      packed.add(groups.blockStart(i));
    }
    for (int i = 0; i < groups.blocks(); i++) {
      packed.add(groups.blockRow(i));
    }
    for (int i = 0; i < groups.blocks(); i++) {
      packed.add(groups.blockSlot(i));
    }
    for (int i = 0; i < groups.longRows(); i++) {
      packed.add(groups.longRow(i));
    }
    for (int i = 0; i <= groups.longRows(); i++) {
      packed.add(groups.longStart(i));
    }
    List<Integer> expected = new ArrayList<>(positions);
    expected.addAll(starts);
    expected.addAll(blockRows);
    expected.addAll(blockSlots);
    expected.addAll(longRows);
    expected.addAll(longStarts);
    assertThat(packed).as("-Dembedcl.test.seed=%d", TestBatch.SEED).isEqualTo(expected);
    assertThat(groups.packedLength()).isEqualTo(expected.size());
    assertThat(groups.packed().toArray(ValueLayout.JAVA_INT))
        .isEqualTo(expected.stream().mapToInt(Integer::intValue).toArray());
  }
}
