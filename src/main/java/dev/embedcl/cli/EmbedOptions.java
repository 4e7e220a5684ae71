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
        "File to write; it appears only when complete.",
        "*.safetensors: input_ids and target_ids, I64 [windows, max-length], and"
            + " input_embeddings, F32 [windows, max-length, dim].",
        "*.npy: the embeddings alone.",
        "Without: a summary and the first vectors only."
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
      converter = Kind.class,
      defaultValue = "learned",
      description = "Vectors added for positions: learned (the default) or none.")
  PositionKind positions = PositionKind.LEARNED;

  @Option(
      names = "--seed",
      order = 7,
      paramLabel = "N",
      converter = WholeNumber.class,
      description = {
        "Seed of fresh tables; default 123. They have the values that PyTorch gives two nn.Embedding,"
            + " tokens first, after manual_seed(N)."
      })
  @Nullable Long seed = null;

  @Option(
      names = "--weights",
      order = 8,
      paramLabel = "FILE",
      description = {
        "Take the tables from a safetensors file instead, in float32, float16 or bfloat16. Found"
            + " are, with or without a prefix:",
        "  wte.weight, wpe.weight (GPT-2)",
        "  word_embeddings.weight,",
        "  position_embeddings.weight (BERT)"
      })
  @Nullable Path weights = null;

  @Option(
      names = "--token-table",
      order = 9,
      paramLabel = "NAME",
      description = "Token table in --weights, if named otherwise.")
  @Nullable String tokenTable = null;

  @Option(
      names = "--position-table",
      order = 10,
      paramLabel = "NAME",
      description = "Positional table in --weights, if named otherwise.")
  @Nullable String positionTable = null;

  @Option(
      names = "--save-weights",
      order = 11,
      paramLabel = "FILE",
      description = "Write the tables as safetensors, as --weights takes them.")
  @Nullable Path saveWeights = null;

  @Option(
      names = "--device",
      order = 12,
      paramLabel = "DEVICE",
      description = {
        "auto, cpu (needs no driver), opencl, opencl:P.D or part of a device's name; see 'embedcl"
            + " devices'. Default: the property embedcl.device, else $EMBEDCL_DEVICE, else auto."
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
        // Said below, in the same words as for numbers out of range.
      }
      throw new TypeConversionException(
          "'" + value + "' is not a whole number from 1 to " + Integer.MAX_VALUE);
    }
  }

  /** Whole numbers of 64 bits. */
  static final class WholeNumber implements ITypeConverter<Long> {
    @Override
    public Long convert(String value) {
      try {
        return Long.parseLong(value);
      } catch (NumberFormatException e) {
        throw new TypeConversionException(
            "'"
                + value
                + "' is not a whole number from "
                + Long.MIN_VALUE
                + " to "
                + Long.MAX_VALUE);
      }
    }
  }

  /** The kinds of positions, in any case. */
  static final class Kind implements ITypeConverter<PositionKind> {
    @Override
    public PositionKind convert(String value) {
      for (PositionKind kind : PositionKind.values()) {
        if (kind.toString().equalsIgnoreCase(value)) {
          return kind;
        }
      }
      throw new TypeConversionException("'" + value + "' is not one of learned, none");
    }
  }
}
