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

// One position of ROWS_IN_FLIGHT sequences, whose ids are all good.
static inline void forward_in_flight(global const float *weight, const int *index,
                                     global const float *position, const int add_positions,
                                     global float *out, const long stride, const int dim) {
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
      stream_vector(out + r * stride + c, row[r]);
    }
  }
  FOR_TAIL(c, dim) {
    for (int r = 0; r < ROWS_IN_FLIGHT; r++) {
      const float w = weight[(long)index[r] * dim + c];
      out[r * stride + c] = add_positions ? w + position[c] : w;
    }
  }
}

static inline void forward_one(global const float *from, global const float *position,
                               const int add_positions, global float *to, const int dim) {
  FOR_VECTORS(c, dim) {
    const floatv w = load_vector(from + c);
    stream_vector(to + c, add_positions ? w + load_vector(position + c) : w);
  }
  FOR_TAIL(c, dim) {
    to[c] = add_positions ? from[c] + position[c] : from[c];
  }
}

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
  const int groups = (batch_size - 1) / ROWS_IN_FLIGHT + 1;
  for (int group = (int)get_global_id(2); group < groups; group += (int)get_global_size(2)) {
    const int first = group * ROWS_IN_FLIGHT;
    const int rows = min(ROWS_IN_FLIGHT, batch_size - first);
    for (int t = (int)get_global_id(1); t < seq_len; t += (int)get_global_size(1)) {
      global const float *position = positions + (long)(start + t) * dim;
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
          forward_one(weight + (long)index[r] * dim, position, add_positions,
                      out + (n0 + (long)r * seq_len) * dim, dim);
        }
      }
    }
  }
}
