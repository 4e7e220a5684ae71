// Looks up the rows of each bag and makes one of them, out[b, :]: their sum, their mean or their
// maximum. The rows are not stored in between.
//
// Global work: (column vectors, bags). A work-item walks the ids of its bags and keeps its columns of
// the result in registers; ROWS_IN_FLIGHT rows are loaded before the first of them is added, and the
// additions stay in order: blocks of BLOCK positions, each from its first row that counts, and the
// sums of the blocks in order.
//
// Bytes: the rows of all ids + ids for each column vector, from cache + out.

// How the table and the result are stored: each one of STORAGE_…, but only the table
// (WEIGHT_STORAGE) may be quantised.
#ifndef OUT_STORAGE
#define OUT_STORAGE WEIGHT_STORAGE
#endif

#define STORES_16_BITS (IS_16_BITS(WEIGHT_STORAGE) || IS_16_BITS(OUT_STORAGE))
#include "weight_rows.clh"
#include "bags.clh"
#include "winners.clh"

#define BAG_SUM 0
#define BAG_MAX 1

// What becomes of a bag's rows: one of the above. A mean is a sum that is divided.
#ifndef BAG_MODE
#define BAG_MODE BAG_SUM
#endif

// 1 when rows are multiplied by weights of their positions; without, nothing is read of them.
#ifndef WEIGHTED
#define WEIGHTED 0
#endif

// Positions whose rows are added one after the other before their sum is added to the others.
#ifndef BLOCK
#define BLOCK 64
#endif

// Rows that a work-item loads at a time.
#ifndef ROWS_IN_FLIGHT
#define ROWS_IN_FLIGHT 4
#endif

typedef STORED(stored, OUT_STORAGE) out_t;

// The column (vector) that weight points to in row 0, of another row.
#define UNSCALED_ROW(load, index) load(weight + (long)(index) * ROW_ELEMENTS(dim), left)
#if WEIGHTED
#define ROW(load, n, index) (UNSCALED_ROW(load, index) * sample_weights[n])
#else
#define ROW(load, n, index) UNSCALED_ROW(load, index)
#endif

#define BAG_PARAMETERS                                                                   \
  global const weight_t *weight, global const int *indices,                              \
      global const float *sample_weights, const uint num_embeddings, const int padding,  \
      const int dim, const int left

// Calls TAKE(row, n) for each position n from begin to below end whose row counts, in order.
#define FOR_ROWS(type, load, begin, end, TAKE)                                           \
  int n = begin;                                                                         \
  for (; n <= end - ROWS_IN_FLIGHT; n += ROWS_IN_FLIGHT) {                               \
    int index[ROWS_IN_FLIGHT];                                                           \
    int all = 1;                                                                         \
    _Pragma("unroll") for (int r = 0; r < ROWS_IN_FLIGHT; r++) {                         \
      index[r] = indices[n + r];                                                         \
      all &= counts(index[r], num_embeddings, padding);                                  \
    }                                                                                    \
    if (all) {                                                                           \
      type row[ROWS_IN_FLIGHT];                                                          \
      _Pragma("unroll") for (int r = 0; r < ROWS_IN_FLIGHT; r++) {                       \
        row[r] = ROW(load, n + r, index[r]);                                             \
      }                                                                                  \
      _Pragma("unroll") for (int r = 0; r < ROWS_IN_FLIGHT; r++) {                       \
        TAKE(row[r], n + r)                                                              \
      }                                                                                  \
      continue;                                                                          \
    }                                                                                    \
    for (int r = 0; r < ROWS_IN_FLIGHT; r++) {                                           \
      if (counts(indices[n + r], num_embeddings, padding)) {                             \
        const type one = ROW(load, n + r, indices[n + r]);                               \
        TAKE(one, n + r)                                                                 \
      }                                                                                  \
    }                                                                                    \
  }                                                                                      \
  for (; n < end; n++) {                                                                 \
    if (counts(indices[n], num_embeddings, padding)) {                                   \
      const type one = ROW(load, n, indices[n]);                                         \
      TAKE(one, n)                                                                       \
    }                                                                                    \
  }

#define ADD(row, n) sum += row;

// Defines a function that sums one column (vector) of the rows from position first on, which counts.
#define DEFINE_SUM_BAG(name, type, load)                                                 \
  static inline type name##_block(BAG_PARAMETERS, const int first, const int end) {      \
    type sum = ROW(load, first, indices[first]);                                         \
    FOR_ROWS(type, load, first + 1, end, ADD)                                            \
    return sum;                                                                          \
  }                                                                                      \
                                                                                         \
  static inline type name(BAG_PARAMETERS, const int begin, const int first,              \
                          const int end) {                                               \
    /* Blocks are counted from the bag's beginning, padding included. */                 \
    int to = begin + min((first - begin) / BLOCK * BLOCK + BLOCK, end - begin);          \
    type total = name##_block(weight, indices, sample_weights, num_embeddings, padding,  \
                              dim, left, first, to);                                     \
    while (to < end) {                                                                   \
      const int from = to;                                                               \
      to = end - from <= BLOCK ? end : from + BLOCK;                                     \
      const int next = next_counting(indices, from, to, num_embeddings, padding);        \
      if (next < to) {                                                                   \
        total += name##_block(weight, indices, sample_weights, num_embeddings, padding,  \
                              dim, left, next, to);                                      \
      }                                                                                  \
    }                                                                                    \
    return total;                                                                        \
  }

// Not fmax: what is not greater, NaN and equal numbers, is passed over.
#define TAKE_GREATER(row, n)                                                             \
  {                                                                                      \
    const int_type greater = row > best;                                                 \
    best = select(best, row, greater);                                                   \
    at = select(at, (int_type)(n), greater);                                             \
  }

// Defines a function that takes the greatest of one column (vector) of the rows from position first
// on, which counts, and leaves the position that it came from in *winner.
#define DEFINE_MAX_BAG(name, type, winner_type, load)                                    \
  static inline type name(BAG_PARAMETERS, const int first, const int end,                \
                          winner_type *winner) {                                         \
    typedef winner_type int_type;                                                        \
    type best = ROW(load, first, indices[first]);                                        \
    int_type at = first;                                                                 \
    FOR_ROWS(type, load, first + 1, end, TAKE_GREATER)                                   \
    *winner = at;                                                                        \
    return best;                                                                         \
  }

#if BAG_MODE == BAG_MAX
DEFINE_MAX_BAG(max_bag_vector, floatv, intv, load_weight_vector)
DEFINE_MAX_BAG(max_bag_one, float, int, load_weight_one)
#else
DEFINE_SUM_BAG(sum_bag_vector, floatv, load_weight_vector)
DEFINE_SUM_BAG(sum_bag_one, float, load_weight_one)
#endif

kernel void embedding_bag_forward(global const weight_t *weight,
                                  const uint num_embeddings,
                                  global const int *indices,
                                  global const int *offsets,
                                  const int count,
                                  const int bags,
                                  const int padding,
                                  global const float *sample_weights,
                                  global out_t *out,
                                  global int *winners,
                                  const int dim,
                                  const int divided,
                                  global uint *status) {
  for (int bag = (int)get_global_id(1); bag < bags; bag += (int)get_global_size(1)) {
    const int begin = bag_start(offsets, bag, count);
    const int end = bag_start(offsets, bag + 1, count);
    const long to = (long)bag * dim;
    int first = end;
    int rows = 0;
    for (int n = end - 1; n >= begin; n--) {
      if (counts(indices[n], num_embeddings, padding)) {
        first = n;
        rows++;
      } else if (get_global_id(0) == 0 && is_bad_index(indices[n], num_embeddings)) {
        report_bad_index(status, (uint)n, indices[n], num_embeddings);
      }
    }
    FOR_VECTORS(c, dim) {
      floatv result = 0.0f;
#if BAG_MODE == BAG_MAX
      intv winner = -1;
      if (rows > 0) {
        result = max_bag_vector(weight + c, indices, sample_weights, num_embeddings, padding, dim,
                                dim - c, first, end, &winner);
      }
      store_winners(winners + to + c, winner);
#else
      if (rows > 0) {
        result = sum_bag_vector(weight + c, indices, sample_weights, num_embeddings, padding, dim,
                                dim - c, begin, first, end);
      }
      if (divided) {
        result /= (float)max(rows, 1);
      }
#endif
      STORED(stream_vector, OUT_STORAGE)(out + to + c, result);
    }
    FOR_TAIL(c, dim) {
      float result = 0.0f;
#if BAG_MODE == BAG_MAX
      int winner = -1;
      if (rows > 0) {
        result = max_bag_one(weight + c, indices, sample_weights, num_embeddings, padding, dim,
                             dim - c, first, end, &winner);
      }
      winners[to + c] = winner;
#else
      if (rows > 0) {
        result = sum_bag_one(weight + c, indices, sample_weights, num_embeddings, padding, dim,
                             dim - c, begin, first, end);
      }
      if (divided) {
        result /= (float)max(rows, 1);
      }
#endif
      STORED(store_one, OUT_STORAGE)(out + to + c, result);
    }
  }
}
