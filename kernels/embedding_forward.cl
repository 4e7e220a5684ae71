// Token gather with positional add: out[b * seq_len + t, :] = weight[indices[b * seq_len + t], :]
// + positions[start + t, :], in one pass.
//
// Global work: (column vectors, positions t, groups of ROWS_IN_FLIGHT sequences). A work-item loads
// its columns of one positional row once and the token rows of ROWS_IN_FLIGHT sequences before it
// stores the first result, so that enough loads are under way to hide the latency of memory.
//
// Bytes: ids + out.length * (read + written) + the positional rows once per ROWS_IN_FLIGHT sequences,
// mostly from cache.

#include "columns.clh"
#include "bad_index.clh"

// Sequences whose rows one work-item loads at a time.
#ifndef ROWS_IN_FLIGHT
#define ROWS_IN_FLIGHT 4
#endif

kernel void embedding_forward(global const float *weight,
                              const uint num_embeddings,
                              global const int *indices,
                              global const float *positions,
                              const int add_positions,
                              const int start,
                              global float *out,
                              const int dim,
                              const int batch_size,
                              const int seq_len,
                              global uint *status) {
  const int first = (int)get_global_id(2) * ROWS_IN_FLIGHT;
  const int rows = min(ROWS_IN_FLIGHT, batch_size - first);
  for (int t = (int)get_global_id(1); t < seq_len; t += (int)get_global_size(1)) {
    global const float *position = positions + (long)(start + t) * dim;
    const long n0 = (long)first * seq_len + t;
    int index[ROWS_IN_FLIGHT];
    int good = rows == ROWS_IN_FLIGHT;
    for (int r = 0; r < rows; r++) {
      const long n = n0 + (long)r * seq_len;
      index[r] = indices[n];
      if (is_bad_index(index[r], num_embeddings)) {
        good = 0;
        if (get_global_id(0) == 0) {
          report_bad_index(status, (uint)n, index[r], num_embeddings);
        }
      }
    }
    if (good) {
      FOR_VECTORS(c, dim) {
        floatv row[ROWS_IN_FLIGHT];
#pragma unroll
        for (int r = 0; r < ROWS_IN_FLIGHT; r++) {
          row[r] = load_vector(weight + (long)index[r] * dim + c);
        }
        if (add_positions) {
          const floatv p = load_vector(position + c);
#pragma unroll
          for (int r = 0; r < ROWS_IN_FLIGHT; r++) {
            row[r] += p;
          }
        }
#pragma unroll
        for (int r = 0; r < ROWS_IN_FLIGHT; r++) {
          stream_vector(out + (n0 + (long)r * seq_len) * dim + c, row[r]);
        }
      }
      FOR_TAIL(c, dim) {
        for (int r = 0; r < ROWS_IN_FLIGHT; r++) {
          const float w = weight[(long)index[r] * dim + c];
          out[(n0 + (long)r * seq_len) * dim + c] = add_positions ? w + position[c] : w;
        }
      }
    } else {
      // The last few sequences, or ids out of range among these.
      for (int r = 0; r < rows; r++) {
        if (is_bad_index(index[r], num_embeddings)) {
          continue;
        }
        global const float *from = weight + (long)index[r] * dim;
        global float *to = out + (n0 + (long)r * seq_len) * dim;
        FOR_VECTORS(c, dim) {
          const floatv w = load_vector(from + c);
          stream_vector(to + c, add_positions ? w + load_vector(position + c) : w);
        }
        FOR_TAIL(c, dim) {
          to[c] = add_positions ? from[c] + position[c] : from[c];
        }
      }
    }
  }
}
