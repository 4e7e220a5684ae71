// The gradient of the weights of a bag's rows: grad_weights[n] = sum over d of weight[indices[n], d] *
// grad_output[b, d] for the positions n of bag b; 0 for padding and for positions in no bag.
//
// Global work: (1, positions). A work-item keeps the LANES partial sums of a position in registers;
// each of its steps reads 64 bytes of both rows.

// How the table is stored: one of STORAGE_….
#ifndef WEIGHT_STORAGE
#define WEIGHT_STORAGE STORAGE_FLOAT32
#endif

#define STORES_16_BITS (WEIGHT_STORAGE != STORAGE_FLOAT32)
#include "storage.clh"
#include "bags.clh"

typedef STORED(stored, WEIGHT_STORAGE) weight_t;

#define LOAD_WEIGHT_VECTOR STORED(load_vector, WEIGHT_STORAGE)
#define LOAD_WEIGHT_ONE STORED(load_one, WEIGHT_STORAGE)

// Partial sums in which the products of a row are added up: lane l takes the columns l, l + LANES, ...
#define LANES 16

#if VECTOR_WIDTH == 1
#define PRIVATE_STORE(vector, to) (*(to) = (vector))
#elif VECTOR_WIDTH == 4
#define PRIVATE_STORE(vector, to) vstore4(vector, 0, to)
#elif VECTOR_WIDTH == 8
#define PRIVATE_STORE(vector, to) vstore8(vector, 0, to)
#else
#define PRIVATE_STORE(vector, to) vstore16(vector, 0, to)
#endif

// Returns the last bag that begins at a position or before it, or -1.
static inline int bag_at(global const int *offsets, const int count, const int bags,
                         const int position) {
  int low = 0;
  int high = bags;
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (bag_start(offsets, middle, count) <= position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}

static inline float dot_rows(global const weight_t *row, global const float *other,
                             const int dim) {
  floatv vectors[LANES / VECTOR_WIDTH];
  for (int v = 0; v < LANES / VECTOR_WIDTH; v++) {
    vectors[v] = 0.0f;
  }
  int c = 0;
  for (; c <= dim - LANES; c += LANES) {
#pragma unroll
    for (int v = 0; v < LANES / VECTOR_WIDTH; v++) {
      const int at = c + v * VECTOR_WIDTH;
      vectors[v] += LOAD_WEIGHT_VECTOR(row + at) * load_vector(other + at);
    }
  }
  float lane[LANES];
#pragma unroll
  for (int v = 0; v < LANES / VECTOR_WIDTH; v++) {
    PRIVATE_STORE(vectors[v], lane + v * VECTOR_WIDTH);
  }
  for (int l = 0; c + l < dim; l++) {
    lane[l] += LOAD_WEIGHT_ONE(row + c + l) * other[c + l];
  }
#pragma unroll
  for (int kept = LANES / 2; kept > 0; kept /= 2) {
#pragma unroll
    for (int l = 0; l < kept; l++) {
      lane[l] += lane[l + kept];
    }
  }
  return lane[0];
}

kernel void per_sample_weights_gradient(global const weight_t *weight,
                                        const uint num_embeddings,
                                        global const int *indices,
                                        global const int *offsets,
                                        const int count,
                                        const int bags,
                                        const int padding,
                                        global const float *grad_output,
                                        global float *grad_weights,
                                        const int dim,
                                        global uint *status) {
  if (get_global_id(0) > 0) {
    return;
  }
  for (int n = (int)get_global_id(1); n < count; n += (int)get_global_size(1)) {
    const int bag = bag_at(offsets, count, bags, n);
    float product = 0.0f;
    if (bag >= 0 && n < bag_start(offsets, bag + 1, count)) {
      const int index = indices[n];
      if (is_bad_index(index, num_embeddings)) {
        report_bad_index(status, (uint)n, index, num_embeddings);
      } else if (index != padding) {
        product = dot_rows(weight + (long)index * dim, grad_output + (long)bag * dim, dim);
      }
    }
    grad_weights[n] = product;
  }
}
