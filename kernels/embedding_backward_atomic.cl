// The gradient of embedding_forward.cl as a scatter-add with float atomics: grad_weight[id, :] +=
// each row of grad_output that id produced, in whatever order they come.
//
// Global work: (column vectors, positions t). A work-item walks the batch of its position, so that
// the positional gradient accumulates in registers in the same walk; its order is fixed: blocks of
// BLOCK sequences, each from its first one on, then the block sums in order.

#include "float_atomics.clh"
#include "bad_index.clh"

// Sequences that are summed one after the other before block sums are added up.
#ifndef BLOCK
#define BLOCK 64
#endif

// padding_idx is -1 where there is none, and then no id that is good.
static inline int contributes(const int index, const uint num_embeddings, const int padding_idx) {
  return !is_bad_index(index, num_embeddings) && index != padding_idx;
}

kernel void embedding_backward_atomic(global const float *grad_output,
                                      global const int *indices,
                                      global float *grad_weight,
                                      const uint num_embeddings,
                                      const int padding_idx,
                                      global float *grad_positions,
                                      const int add_positions,
                                      const int start,
                                      const int dim,
                                      const int batch_size,
                                      const int seq_len,
                                      global uint *status) {
  for (int t = (int)get_global_id(1); t < seq_len; t += (int)get_global_size(1)) {
    if (get_global_id(0) == 0) {
      for (int b = 0; b < batch_size; b++) {
        const long n = (long)b * seq_len + t;
        if (is_bad_index(indices[n], num_embeddings)) {
          report_bad_index(status, (uint)n, indices[n], num_embeddings);
        }
      }
    }
    global float *position = grad_positions + (long)(start + t) * dim;
    FOR_VECTORS(c, dim) {
      floatv total = 0.0f;
      for (int first = 0; first < batch_size; first += BLOCK) {
        floatv sum = 0.0f;
        for (int b = first; b < min(first + BLOCK, batch_size); b++) {
          const long n = (long)b * seq_len + t;
          const floatv value = load_vector(grad_output + n * dim + c);
          if (contributes(indices[n], num_embeddings, padding_idx)) {
            atomic_add_vector(grad_weight + (long)indices[n] * dim + c, value);
          }
          sum = b == first ? value : sum + value;
        }
        total = first == 0 ? sum : total + sum;
      }
      if (add_positions) {
        store_vector(position + c, load_vector(position + c) + total);
      }
    }
    FOR_TAIL(c, dim) {
      float total = 0.0f;
      for (int first = 0; first < batch_size; first += BLOCK) {
        float sum = 0.0f;
        for (int b = first; b < min(first + BLOCK, batch_size); b++) {
          const long n = (long)b * seq_len + t;
          const float value = grad_output[n * dim + c];
          if (contributes(indices[n], num_embeddings, padding_idx)) {
            atomic_add_one(grad_weight + (long)indices[n] * dim + c, value);
          }
          sum = b == first ? value : sum + value;
        }
        total = first == 0 ? sum : total + sum;
      }
      if (add_positions) {
        position[c] += total;
      }
    }
  }
}
