package dev.embedcl.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** The options of {@code embed} as they were typed; null where one was not. */
final class EmbedOptions {
  static final int DEFAULT_DIM = 256;
  static final long DEFAULT_SEED = 123;

  /** What {@code --positions} can be. */
  enum PositionKind {
    LEARNED,
    NONE;

    /** Also the words of the metadata, of the help and of the summary. */
    @Override
    public String toString() {
      return this == LEARNED ? "learned" : "none";
    }
  }

  @Parameters(
      index = "0",
      paramLabel = "FILE",
      description = "Text in UTF-8, of any length; - for standard input.")
  @Nullable String file = null;

  @Option(
      names = {"-o", "--output"},
      order = 1,
      paramLabel = "FILE",
      description = {
        "FILE.safetensors: input_ids and target_ids (I64, [windows, max-length]) and"
            + " input_embeddings (F32, [windows, max-length, dim]); FILE.npy: the embeddings alone."
            + " The file appears only when complete. Without this option: a summary and the first"
            + " vectors."
      })
  @Nullable Path output = null;

  @Option(
      names = "--dim",
      order = 2,
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Embedding dimension; default 256, or what --weights has.")
  @Nullable Integer dim = null;

  @Option(
      names = "--max-length",
      order = 3,
      paramLabel = "N",
      converter = AtLeastOne.class,
      defaultValue = "256",
      description = "Tokens per window; default ${DEFAULT-VALUE}.")
  int maxLength = 256;

  @Option(
      names = "--stride",
      order = 4,
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Tokens from one window's start to the next's; default max-length.")
  @Nullable Integer stride = null;

  @Option(
      names = "--batch-size",
      order = 5,
      paramLabel = "N",
      converter = AtLeastOne.class,
      defaultValue = "8",
      description = "Windows computed at a time; default ${DEFAULT-VALUE}.")
  int batchSize = 8;

  @Option(
      names = "--positions",
      order = 6,
      paramLabel = "KIND",
      defaultValue = "learned",
      description = "What is added to the token vectors: ${COMPLETION-CANDIDATES}; default learned.")
  PositionKind positions = PositionKind.LEARNED;

  @Option(
      names = "--seed",
      order = 7,
      paramLabel = "N",
      description = {
        "Seed of the tables; default 123. The tables are those of PyTorch's manual_seed(N),"
            + " Embedding(50257, dim), Embedding(max-length, dim)."
      })
  @Nullable Long seed = null;

  @Option(
      names = "--weights",
      order = 8,
      paramLabel = "FILE",
      description = {
        "Take the tables from a safetensors file (float32, float16 or bfloat16) instead: GPT-2's"
            + " (wte.weight, wpe.weight), BERT's (word_embeddings.weight,"
            + " position_embeddings.weight), with any prefix, or those named below."
      })
  @Nullable Path weights = null;

  @Option(
      names = "--token-table",
      order = 9,
      paramLabel = "NAME",
      description = "The token table's name in --weights.")
  @Nullable String tokenTable = null;

  @Option(
      names = "--position-table",
      order = 10,
      paramLabel = "NAME",
      description = "The positional table's name in --weights.")
  @Nullable String positionTable = null;

  @Option(
      names = "--save-weights",
      order = 11,
      paramLabel = "FILE",
      description = "Write the tables as safetensors, in a form that --weights takes.")
  @Nullable Path saveWeights = null;

  @Option(
      names = "--device",
      order = 12,
      paramLabel = "DEVICE",
      description = {
        "auto, cpu (no driver needed), opencl, opencl:P.D or part of a device's name, see 'embedcl"
            + " devices'; default $$EMBEDCL_DEVICE, else auto. The output is the same on all."
      })
  @Nullable String device = null;

  /** Whole numbers from 1 on. */
  static final class AtLeastOne implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      try {
        int number = Integer.parseInt(value);
        if (number >= 1) {
          return number;
        }
      } catch (NumberFormatException e) {
        throw (TypeConversionException) wrong(value).initCause(e);
      }
      throw wrong(value);
    }

    private static TypeConversionException wrong(String value) {
      return new TypeConversionException(
          "'" + value + "' is not in the range from 1 to " + Integer.MAX_VALUE);
    }
  }
}
