// Shortens rows of a table that are longer than a limit: the formula and the order of additions are
// EmbeddingRenorm's.
//
// A row's factor depends on all of its columns, which several work-items may share, so there are
// three launches: partial norms, the factor of each row, and the change of the rows. Factors can
// also come from the host, for norms that no device computes alike; it gets the rows, widened, by
// embedding_renorm_gather. Rows of 16 bits are multiplied in float32 and rounded. table_row has the
// numbers of the rows, from the first of the launch on.

#include "row_lanes.clh"

#define STORE_ROW_VECTOR STORED(store_vector, TABLE_STORAGE)
#define STORE_ROW_ONE STORED(store_one, TABLE_STORAGE)

// What stands for the factor of a row that stays as it is.
#define UNCHANGED (-1.0f)

// Global work: (vectors of lanes, rows).
kernel void embedding_renorm_lanes(global const element_t *table,
                                   global const int *table_row,
                                   const int rows,
                                   const int dim,
                                   global float *lanes) {
  for (int row = (int)get_global_id(1); row < rows; row += (int)get_global_size(1)) {
    take_lanes(table + (long)table_row[row] * dim, dim, lanes + (long)row * LANES);
  }
}

// Global work: (1, rows). Leaves the factor of each row in its first lane.
kernel void embedding_renorm_rates(global float *lanes, const int rows, const float max_norm) {
  if (get_global_id(0) > 0) {
    return;
  }
  for (int row = (int)get_global_id(1); row < rows; row += (int)get_global_size(1)) {
    const float joined = join_lanes(lanes + (long)row * LANES);
#if NORM == NORM_EUCLIDEAN
    const float norm = sqrt(joined);
#else
    const float norm = joined;
#endif
    lanes[(long)row * LANES] = norm > max_norm ? max_norm / (norm + 1e-7f) : UNCHANGED;
  }
}

// Global work: (column vectors, rows). Row i has the factor factors[i * stride].
kernel void embedding_renorm_rows(global element_t *table,
                                  global const int *table_row,
                                  const int rows,
                                  const int dim,
                                  global const float *factors,
                                  const int stride) {
  for (int row = (int)get_global_id(1); row < rows; row += (int)get_global_size(1)) {
    const float factor = factors[(long)row * stride];
    if (factor < 0.0f) {
      continue;
    }
    global element_t *to = table + (long)table_row[row] * dim;
    FOR_VECTORS(c, dim) {
      STORE_ROW_VECTOR(to + c, LOAD_ROW_VECTOR(to + c) * factor);
    }
    FOR_TAIL(c, dim) {
      STORE_ROW_ONE(to + c, LOAD_ROW_ONE(to + c) * factor);
    }
  }
}

// Global work: (column vectors, rows). Copies the rows to where the host can read them at once.
kernel void embedding_renorm_gather(global const element_t *table,
                                    global const int *table_row,
                                    const int rows,
                                    const int dim,
                                    global float *out) {
  for (int row = (int)get_global_id(1); row < rows; row += (int)get_global_size(1)) {
    global const element_t *from = table + (long)table_row[row] * dim;
    global float *to = out + (long)row * dim;
    FOR_VECTORS(c, dim) {
      store_vector(to + c, LOAD_ROW_VECTOR(from + c));
    }
    FOR_TAIL(c, dim) {
      to[c] = LOAD_ROW_ONE(from + c);
    }
  }
}
