package dev.embedcl.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/** A file that an option names. */
final class OutputFile {
  private OutputFile() {}

  /** Fails early where the file could not be written at the end. */
  static void requireWritable(String option, Path file) {
    Path directory = file.toAbsolutePath().getParent();
    if (Files.isDirectory(file)) {
      throw new CommandFailure(option + " " + file + ": is a directory: name a file in it");
    }
    if (directory != null && !Files.isDirectory(directory)) {
      throw new CommandFailure(
          option + " " + file + ": there is no directory " + directory + ": create it first");
    }
    if (directory != null && !Files.isWritable(directory)) {
      throw new CommandFailure(
          option
              + " "
              + file
              + ": no files can be made in "
              + directory
              + ": check its access rights");
    }
  }
}
