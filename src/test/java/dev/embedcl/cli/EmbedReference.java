package dev.embedcl.cli;

import dev.embedcl.init.TorchGenerator;
import dev.embedcl.text.Gpt2Tokenizer;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@code embed} has to give, computed in plain loops from the seed.
 *
 * @param inputIds the windows' ids, one after the other
 * @param targetIds the ids that follow each
 * @param embeddings their vectors, one after the other
 */
record EmbedReference(List<Long> inputIds, List<Long> targetIds, List<Float> embeddings) {
  static final int VOCABULARY = 50257;

  static EmbedReference of(
      String text, int maxLength, int stride, int dim, long seed, boolean positions) {
    TorchGenerator generator = new TorchGenerator(seed);
    float[] tokens = normal(generator, VOCABULARY * dim);
    float[] learned = normal(generator, maxLength * dim);
    int[] ids = Gpt2Tokenizer.load().encode(text);
    EmbedReference reference =
        new EmbedReference(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    for (int start = 0; start < ids.length - maxLength; start += stride) {
      for (int t = 0; t < maxLength; t++) {
        int id = ids[start + t];
        reference.inputIds.add((long) id);
        reference.targetIds.add((long) ids[start + t + 1]);
        for (int d = 0; d < dim; d++) {
          float value = tokens[id * dim + d];
          reference.embeddings.add(positions ? value + learned[t * dim + d] : value);
        }
      }
    }
    return reference;
  }

  static float[] normal(TorchGenerator generator, int count) {
    float[] values = new float[count];
    generator.fillNormal(MemorySegment.ofArray(values), 0, 1);
    return values;
  }
}
