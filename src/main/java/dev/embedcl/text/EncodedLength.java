package dev.embedcl.text;

/**
 * How much text was encoded.
 *
 * @param characters Unicode code points, as Python's {@code len(text)} counts them
 * @param tokens token ids handed to the sink
 */
public record EncodedLength(long characters, long tokens) {}
