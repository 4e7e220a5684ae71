package dev.embedcl.op;

/** What becomes of the vectors of a bag: PyTorch's {@code mode} of {@code nn.EmbeddingBag}. */
public enum BagMode {
  /** Their sum, with a weight for each if wanted. */
  SUM,
  /** Their sum, divided by how many they are. */
  MEAN,
  /** In each column the greatest; of equal ones, the first. */
  MAX
}
