package dev.embedcl.op;

import java.util.Arrays;

/**
 * Sorts the ids of a batch, keeping equal ones in input order: by counting every row where the
 * batch is large beside the table, else by digits of 11 bits. Its memory grows to the largest batch
 * and stays.
 */
final class IndexSort {
  /** Below this share of the table, 1 / this, a radix sort beats counting every row. */
  private static final int RADIX_SHARE = 4;

  private int[] scratchKeys = new int[0];
  private int[] scratchOrder = new int[0];
  private int[] counts = new int[0];

  /**
   * Sorts the first {@code count} ids.
   *
   * @param indices in [0, rows); left as they are
   * @param keys receives the ids in ascending order
   * @param order receives where each of them stood
   */
  void sort(int[] indices, int count, long rows, int[] keys, int[] order) {
    if (count >= rows / RADIX_SHARE) {
      countingSort(indices, count, (int) rows, keys, order);
    } else {
      radixSort(indices, count, rows, keys, order);
    }
  }

  /**
   * Takes one id, whose places lie side by side, out of what was sorted.
   *
   * @return how many ids are left
   */
  int leaveOut(int id, int count, int[] keys, int[] order) {
    int begin = Arrays.binarySearch(keys, 0, count, id);
    if (begin < 0) {
      return count;
    }
    int end = begin + 1;
    while (begin > 0 && keys[begin - 1] == id) {
      begin--;
    }
    while (end < count && keys[end] == id) {
      end++;
    }
    System.arraycopy(keys, end, keys, begin, count - end);
    System.arraycopy(order, end, order, begin, count - end);
    return count - (end - begin);
  }

  private void countingSort(int[] indices, int count, int rows, int[] keys, int[] order) {
    if (counts.length < rows + 1) {
      counts = new int[rows + 1];
    } else {
      Arrays.fill(counts, 0, rows + 1, 0);
    }
    for (int i = 0; i < count; i++) {
      counts[indices[i] + 1]++;
    }
    for (int row = 0; row < rows; row++) {
      counts[row + 1] += counts[row];
    }
    for (int i = 0; i < count; i++) {
      int index = indices[i];
      int to = counts[index]++;
      order[to] = i;
      keys[to] = index;
    }
  }

  private void radixSort(int[] indices, int count, long rows, int[] keys, int[] order) {
    final int digitBits = 11;
    final int digits = 1 << digitBits;
    if (scratchKeys.length < count) {
      scratchKeys = new int[count];
      scratchOrder = new int[count];
    }
    if (counts.length < digits + 1) {
      counts = new int[digits + 1];
    }
    int bits = 64 - Long.numberOfLeadingZeros(Math.max(rows - 1, 1));
    int passes = (bits + digitBits - 1) / digitBits;
    int[] fromKeys = indices;
    int[] fromOrder = null;
    // Passes alternate between two pairs of arrays such that the last one ends in keys and order.
    boolean intoResult = passes % 2 == 1;
    for (int pass = 0; pass < passes; pass++) {
      int shift = pass * digitBits;
      int[] toKeys = intoResult ? keys : scratchKeys;
      int[] toOrder = intoResult ? order : scratchOrder;
      Arrays.fill(counts, 0, digits + 1, 0);
      for (int i = 0; i < count; i++) {
        counts[((fromKeys[i] >>> shift) & (digits - 1)) + 1]++;
      }
      for (int d = 0; d < digits; d++) {
        counts[d + 1] += counts[d];
      }
      for (int i = 0; i < count; i++) {
        int key = fromKeys[i];
        int to = counts[(key >>> shift) & (digits - 1)]++;
        toKeys[to] = key;
        toOrder[to] = fromOrder == null ? i : fromOrder[i];
      }
      fromKeys = toKeys;
      fromOrder = toOrder;
      intoResult = !intoResult;
    }
  }
}
