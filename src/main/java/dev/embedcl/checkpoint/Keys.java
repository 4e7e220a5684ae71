package dev.embedcl.checkpoint;

/** The names in a checkpoint's metadata, and of its tensors that are no weights. */
final class Keys {
  static final String VERSION = "embedcl.checkpoint.version";
  static final String HEADER_CHECKSUM = "embedcl.checkpoint.crc32c";
  static final String STEP = "embedcl.checkpoint.step";

  /** Begins the names of all that belongs to optimizers. */
  static final String OPTIMIZER = "optimizer/";

  /** Begins the names of all that belongs to generators. */
  static final String GENERATOR = "generator/";

  /** Begins the names of the tensors' checksums. */
  static final String CHECKSUM = "crc32c/";

  private Keys() {}

  static String settings(String optimizer) {
    return OPTIMIZER + optimizer + "/settings";
  }

  static String learningRate(String optimizer) {
    return OPTIMIZER + optimizer + "/learningRate";
  }

  static String steps(String optimizer, String parameter) {
    return OPTIMIZER + optimizer + "/steps/" + parameter;
  }

  static String state(String optimizer, String parameter, String matrix) {
    return OPTIMIZER + optimizer + "/" + parameter + "/" + matrix;
  }

  static String generator(String generator) {
    return GENERATOR + generator + "/state";
  }

  static String capability(String generator) {
    return GENERATOR + generator + "/capability";
  }

  static String checksum(String tensor) {
    return CHECKSUM + tensor;
  }
}
