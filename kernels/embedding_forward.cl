// Token gather with positional add: out[b * seq_len + t, :] = weight[indices[b * seq_len + t], :]
// + positions[start + t, :], in one pass.
//
// Global work: (column vectors, positions t, groups of ROWS_IN_FLIGHT sequences). A work-item loads
// its columns of one positional row once and the token rows of ROWS_IN_FLIGHT sequences before it
// stores the first result, so that enough loads are under way to hide the latency of memory.
//
// Bytes: ids + out.length * (read + written) + the positional rows once per ROWS_IN_FLIGHT sequences,
// mostly from cache.

// Sequences whose rows one work-item loads at a time.
#ifndef ROWS_IN_FLIGHT
#define ROWS_IN_FLIGHT 4
#endif

// How the tables and the result are stored: each one of STORAGE_…, but only the token table
// (WEIGHT_STORAGE) may be quantised.
#ifndef POSITION_STORAGE
#define POSITION_STORAGE STORAGE_FLOAT32
#endif
#ifndef OUT_STORAGE
#define OUT_STORAGE WEIGHT_STORAGE
#endif

#define STORES_16_BITS \
  (IS_16_BITS(WEIGHT_STORAGE) || IS_16_BITS(POSITION_STORAGE) || IS_16_BITS(OUT_STORAGE))
#include "weight_rows.clh"
#include "bad_index.clh"

typedef STORED(stored, POSITION_STORAGE) position_t;
typedef STORED(stored, OUT_STORAGE) out_t;

#define LOAD_POSITION_VECTOR STORED(load_vector, POSITION_STORAGE)
#define LOAD_POSITION_ONE STORED(load_one, POSITION_STORAGE)
#define STREAM_OUT_VECTOR STORED(stream_vector, OUT_STORAGE)
#define STORE_OUT_ONE STORED(store_one, OUT_STORAGE)

// What is loaded of a row: bits as they are stored where they may leave as they came, or else
// numbers.
#if OUT_STORAGE == WEIGHT_STORAGE
typedef STORED(stored_vector, WEIGHT_STORAGE) moved_t;
#define LOAD_MOVED(from, left) STORED(load_stored, WEIGHT_STORAGE)(from)
#define STREAM_MOVED STORED(stream_stored, OUT_STORAGE)
#define WIDEN_MOVED STORED(widen_stored, WEIGHT_STORAGE)
#define MOVE_ONE(to, from, left) *(to) = *(from)
#else
typedef floatv moved_t;
#define LOAD_MOVED load_weight_vector
#define STREAM_MOVED STREAM_OUT_VECTOR
#define WIDEN_MOVED(row) (row)
#define MOVE_ONE(to, from, left) STORE_OUT_ONE(to, load_weight_one(from, left))
#endif

// One column, from which on as many as left are left of the row.
static inline void forward_tail(global const weight_t *from, const int left,
                                global const position_t *position, const int add_positions,
                                global out_t *to) {
  if (add_positions) {
    STORE_OUT_ONE(to, load_weight_one(from, left) + LOAD_POSITION_ONE(position));
  } else {
    MOVE_ONE(to, from, left);
  }
}

// One position of ROWS_IN_FLIGHT sequences, whose ids are all good.
static inline void forward_in_flight(global const weight_t *weight, const int *index,
                                     global const position_t *position, const int add_positions,
                                     global out_t *out, const long stride, const int dim) {
  FOR_VECTORS(c, dim) {
    moved_t row[ROWS_IN_FLIGHT];
#pragma unroll
    for (int r = 0; r < ROWS_IN_FLIGHT; r++) {
      row[r] = LOAD_MOVED(weight + (long)index[r] * ROW_ELEMENTS(dim) + c, dim - c);
    }
    if (add_positions) {
      const floatv p = LOAD_POSITION_VECTOR(position + c);
#pragma unroll
      for (int r = 0; r < ROWS_IN_FLIGHT; r++) {
        STREAM_OUT_VECTOR(out + r * stride + c, WIDEN_MOVED(row[r]) + p);
      }
    } else {
#pragma unroll
      for (int r = 0; r < ROWS_IN_FLIGHT; r++) {
        STREAM_MOVED(out + r * stride + c, row[r]);
      }
    }
  }
  FOR_TAIL(c, dim) {
    for (int r = 0; r < ROWS_IN_FLIGHT; r++) {
      forward_tail(weight + (long)index[r] * ROW_ELEMENTS(dim) + c, dim - c, position + c,
                   add_positions, out + r * stride + c);
    }
  }
}

static inline void forward_one(global const weight_t *from, global const position_t *position,
                               const int add_positions, global out_t *to, const int dim) {
  FOR_VECTORS(c, dim) {
    const moved_t row = LOAD_MOVED(from + c, dim - c);
    if (add_positions) {
      STREAM_OUT_VECTOR(to + c, WIDEN_MOVED(row) + LOAD_POSITION_VECTOR(position + c));
    } else {
      STREAM_MOVED(to + c, row);
    }
  }
  FOR_TAIL(c, dim) {
    forward_tail(from + c, dim - c, position + c, add_positions, to + c);
  }
}

kernel void embedding_forward(global const weight_t *weight,
                              const uint num_embeddings,
                              global const int *indices,
                              global const position_t *positions,
                              const int add_positions,
                              const int start,
                              global out_t *out,
                              const int dim,
                              const int batch_size,
                              const int seq_len,
                              global uint *status) {
  const int groups = (batch_size - 1) / ROWS_IN_FLIGHT + 1;
  for (int group = (int)get_global_id(2); group < groups; group += (int)get_global_size(2)) {
    const int first = group * ROWS_IN_FLIGHT;
    const int rows = min(ROWS_IN_FLIGHT, batch_size - first);
    for (int t = (int)get_global_id(1); t < seq_len; t += (int)get_global_size(1)) {
      global const position_t *position = positions + (long)(start + t) * dim;
      const long n0 = (long)first * seq_len + t;
      int index[ROWS_IN_FLIGHT];
      int in_flight = 1;
#pragma unroll // here and below, so that the ids stay in registers
      for (int r = 0; r < ROWS_IN_FLIGHT; r++) {
        const long n = n0 + (long)r * seq_len;
        index[r] = r < rows ? indices[n] : -1;
        if (is_bad_index(index[r], num_embeddings)) {
          in_flight = 0;
          if (r < rows && get_global_id(0) == 0) {
            report_bad_index(status, (uint)n, index[r], num_embeddings);
          }
        }
      }
      if (in_flight) {
        forward_in_flight(weight, index, position, add_positions, out + n0 * dim,
                          (long)seq_len * dim, dim);
        continue;
      }
      // The last few sequences, or bad ids among these.
#pragma unroll
      for (int r = 0; r < ROWS_IN_FLIGHT; r++) {
        if (!is_bad_index(index[r], num_embeddings)) {
          forward_one(weight + (long)index[r] * ROW_ELEMENTS(dim), position, add_positions,
                      out + (n0 + (long)r * seq_len) * dim, dim);
        }
      }
    }
  }
}
