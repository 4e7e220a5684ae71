// Copies ids, with those that no table row belongs to replaced by one that is given.
//
// Global work: (1, ids).

#include "columns.clh"
#include "bad_index.clh"

kernel void index_clamp(global const int *indices,
                        const int count,
                        const uint num_embeddings,
                        const int replacement,
                        global int *out) {
  if (get_global_id(0) > 0) {
    return;
  }
  for (int n = (int)get_global_id(1); n < count; n += (int)get_global_size(1)) {
    const int index = indices[n];
    out[n] = is_bad_index(index, num_embeddings) ? replacement : index;
  }
}
