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

#include "bag_rows.clh"

typedef STORED(stored, OUT_STORAGE) out_t;

// Compilers for GPUs take the functions below for too large to be inlined, and a call there passes
// what it keeps in registers through memory. Where a work-item has whole rows, a call is cheap.
#if VECTORS_IN_FLIGHT > 1
#define INLINED static inline
#else
#define INLINED static inline __attribute__((always_inline))
#endif

// Defines a function sum_COLUMNS that sums those columns of the rows from position first on, which
// counts; FOR is one of the loops above.
#define DEFINE_SUM_BAG(columns, type, FOR)                                               \
  INLINED type sum_block_##columns(BAG_PARAMETERS, const int first, const int end) {     \
    type sum = ROW(columns, first, indices[first]);                                      \
    int n = first + 1;                                                                   \
    FOR(type, columns, n, end, ADD_##columns)                                            \
    return sum;                                                                          \
  }                                                                                      \
                                                                                         \
  INLINED type sum_##columns(BAG_PARAMETERS, const int begin, const int first,           \
                             const int end) {                                            \
    /* Blocks are counted from the bag's beginning, padding included. */                 \
    int to = begin + min((first - begin) / BLOCK * BLOCK + BLOCK, end - begin);          \
    type total = sum_block_##columns(weight, indices, sample_weights, num_embeddings,    \
                                     padding, dim, left, first, to);                     \
    while (to < end) {                                                                   \
      const int from = to;                                                               \
      to = end - from <= BLOCK ? end : from + BLOCK;                                     \
      const int next = next_counting(indices, from, to, num_embeddings, padding);        \
      if (next < to) {                                                                   \
        total = add_##columns(                                                           \
            total, sum_block_##columns(weight, indices, sample_weights, num_embeddings,  \
                                       padding, dim, left, next, to));                   \
      }                                                                                  \
    }                                                                                    \
    return total;                                                                        \
  }

#define ADD_one_column(row, n) sum += row;
#define ADD_vector_of_columns(row, n) sum += row;
#define ADD_strip_of_columns(row, n) sum = add_strip_of_columns(sum, row);

// Not fmax: what is not greater, NaN and equal numbers, is passed over.
#define TAKE_GREATER(row, n)                                                             \
  {                                                                                      \
    const int_type greater = row > best;                                                 \
    best = select(best, row, greater);                                                   \
    at = select(at, (int_type)(n), greater);                                             \
  }

// Defines a function max_COLUMNS that takes the greatest of those columns of the rows from position
// first on, which counts, and leaves the position that it came from in *winner.
#define DEFINE_MAX_BAG(columns, type, winner_type)                                       \
  INLINED type max_##columns(BAG_PARAMETERS, const int first, const int end,             \
                             winner_type *winner) {                                      \
    typedef winner_type int_type;                                                        \
    type best = ROW(columns, first, indices[first]);                                     \
    int_type at = first;                                                                 \
    int n = first + 1;                                                                   \
    FOR_ROWS(type, columns, n, end, TAKE_GREATER)                                        \
    *winner = at;                                                                        \
    return best;                                                                         \
  }

#if BAG_MODE == BAG_MAX
DEFINE_MAX_BAG(vector_of_columns, floatv, intv)
DEFINE_MAX_BAG(one_column, float, int)
#else
DEFINE_SUM_BAG(vector_of_columns, floatv, FOR_ROWS)
DEFINE_SUM_BAG(one_column, float, FOR_ROWS)
#if VECTORS_IN_FLIGHT > 1
DEFINE_SUM_BAG(strip_of_columns, strip, FOR_EACH_ROW)
#endif
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
    int strips = 0;
#if BAG_MODE != BAG_MAX && VECTORS_IN_FLIGHT > 1
    if (rows > 0 && get_global_size(0) == 1) {
      for (; strips <= dim - STRIP_COLUMNS; strips += STRIP_COLUMNS) {
        const strip sum =
            sum_strip_of_columns(weight + strips, indices, sample_weights, num_embeddings, padding,
                                 dim, dim - strips, begin, first, end);
        FOR_STRIP(v) {
          const floatv result = divided ? sum.of[v] / (float)rows : sum.of[v];
          STORED(stream_vector, OUT_STORAGE)(out + to + strips + v * VECTOR_WIDTH, result);
        }
      }
    }
#endif
    FOR_VECTORS_FROM(strips, c, dim) {
      floatv result = 0.0f;
#if BAG_MODE == BAG_MAX
      intv winner = -1;
      if (rows > 0) {
        result = max_vector_of_columns(weight + c, indices, sample_weights, num_embeddings, padding, dim,
                                dim - c, first, end, &winner);
      }
      store_winners(winners + to + c, winner);
#else
      if (rows > 0) {
        result = sum_vector_of_columns(weight + c, indices, sample_weights, num_embeddings, padding, dim,
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
        result = max_one_column(weight + c, indices, sample_weights, num_embeddings, padding, dim,
                             dim - c, first, end, &winner);
      }
      winners[to + c] = winner;
#else
      if (rows > 0) {
        result = sum_one_column(weight + c, indices, sample_weights, num_embeddings, padding, dim,
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
