package dev.embedcl.io;

import dev.embedcl.io.SafetensorsHeader.Entry;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A safetensors file, mapped into memory and checked as a whole when it was opened.
 *
 * <p>Tensors are views of the file: opening one reads nothing, and a table may be larger than
 * memory. All of them are read-only and end with {@link #close}, after which every access throws
 * {@link IllegalStateException}. Any thread may call any method.
 *
 * <p>The file must not be shortened while it is open: access to the lost pages raises {@link
 * InternalError}, or ends the process where native code makes it. A file replaced by renaming, as
 * this package's writers do, is safe.
 */
public final class SafetensorsReader implements AutoCloseable {
  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MappedFile file;
  private final SafetensorsHeader header;
  private final long dataOffset;
  private final Map<String, HostTensor> tensors = new ConcurrentHashMap<>();

  private SafetensorsReader(MappedFile file, SafetensorsHeader header, long dataOffset) {
    this.file = file;
    this.header = header;
    this.dataOffset = dataOffset;
  }

  static SafetensorsReader open(Path path) throws IOException {
    MappedFile file = MappedFile.open(path);
    try {
      long headerBytes = headerBytes(file);
      long dataOffset = SafetensorsHeader.LENGTH_BYTES + headerBytes;
      byte[] json =
          file.slice(SafetensorsHeader.LENGTH_BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE);
      SafetensorsHeader header =
          SafetensorsHeaderParser.parse(path, json, file.bytes() - dataOffset);
      return new SafetensorsReader(file, header, dataOffset);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static long headerBytes(MappedFile file) throws MalformedFileException {
    String cure =
        "; is it a safetensors file and complete? (a Git LFS pointer, a web page or a PyTorch .bin"
            + " is none)";
    if (file.bytes() < SafetensorsHeader.LENGTH_BYTES) {
      throw new MalformedFileException(
          file.path(), "has " + file.bytes() + " bytes, a safetensors file has at least 10" + cure);
    }
    long bytes = file.slice(0, SafetensorsHeader.LENGTH_BYTES).get(LENGTH, 0);
    long most =
        Math.min(SafetensorsHeader.MAX_BYTES, file.bytes() - SafetensorsHeader.LENGTH_BYTES);
    if (bytes < 0 || bytes > most) {
      throw new MalformedFileException(
          file.path(),
          "gives its header "
              + Long.toUnsignedString(bytes)
              + " bytes, but at most "
              + most
              + " are possible (the file has "
              + file.bytes()
              + ", the format allows "
              + SafetensorsHeader.MAX_BYTES
              + ")"
              + cure);
    }
    if (bytes == 0
        || file.slice(SafetensorsHeader.LENGTH_BYTES, 1).get(ValueLayout.JAVA_BYTE, 0) != '{') {
      throw new MalformedFileException(file.path(), "its header does not start with {" + cure);
    }
    return bytes;
  }

  /** Returns the path the file was opened by. */
  public Path path() {
    return file.path();
  }

  /** Returns the names of all tensors, in the order of their data. */
  public List<String> names() {
    return List.copyOf(header.entries().keySet());
  }

  /** Returns the file's free texts; empty if it has none. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /** Returns whether the file has a tensor of this name, of whatever type. */
  public boolean contains(String name) {
    return header.entries().containsKey(name);
  }

  /**
   * Returns a tensor's type and shape.
   *
   * @throws IllegalArgumentException if the file has no such tensor, or one of a type that {@link
   *     DType} does not have
   */
  public TensorSpec spec(String name) {
    Entry entry = entry(name);
    DType type = entry.type();
    if (type == null) {
      throw new IllegalArgumentException(
          "tensor "
              + Quoted.of(name)
              + " of "
              + path()
              + " has the type "
              + Quoted.of(entry.dtype())
              + ", which cannot be read; convert it to one of "
              + SafetensorsHeader.ORDER.stream().map(SafetensorsHeader::dtype).toList());
    }
    return new TensorSpec(name, type, entry.shape());
  }

  /**
   * Returns a tensor: the file's own pages where their address is a multiple of the element size,
   * as in every file that pads its header to 8 bytes, else a copy of them in native memory, made
   * once and freed with this reader. {@link #segment} never copies.
   *
   * @return a read-only tensor that lives until this reader is closed; closing it does nothing
   * @throws IllegalArgumentException if the file has no such tensor, or one of a type that {@link
   *     DType} does not have
   * @throws IllegalStateException if this reader was closed
   */
  public HostTensor tensor(String name) {
    TensorSpec spec = spec(name);
    long offset = dataOffset + entry(name).begin();
    file.slice(offset, 0); // refuses when closed, also where the tensor is known already
    return tensors.computeIfAbsent(name, _ -> file.tensor(spec.type(), spec.shape(), offset));
  }

  /**
   * Returns a tensor's bytes in the file, of whatever type they are.
   *
   * @return read-only, little-endian, row-major; perhaps not aligned to the elements, so that
   *     access needs a layout such as {@link ValueLayout#JAVA_FLOAT_UNALIGNED}
   * @throws IllegalArgumentException if the file has no such tensor
   * @throws IllegalStateException if this reader was closed
   */
  public MemorySegment segment(String name) {
    Entry entry = entry(name);
    return file.slice(dataOffset + entry.begin(), entry.end() - entry.begin());
  }

  /**
   * Unmaps the file and ends all its tensors; further calls do nothing.
   *
   * @throws IllegalStateException if a channel or native code is using the memory at this moment;
   *     the file then stays open, and closing can be tried again
   */
  @Override
  public void close() {
    file.close();
  }

  private Entry entry(String name) {
    Entry entry = header.entries().get(name);
    if (entry == null) {
      List<String> some = new ArrayList<>();
      header.entries().keySet().stream().limit(8).forEach(each -> some.add(Quoted.of(each)));
      throw new IllegalArgumentException(
          path()
              + " has no tensor "
              + Quoted.of(name)
              + "; it has "
              + header.entries().size()
              + (some.isEmpty() ? "" : ": " + String.join(", ", some))
              + (some.size() < header.entries().size() ? ", …" : ""));
    }
    return entry;
  }
}
