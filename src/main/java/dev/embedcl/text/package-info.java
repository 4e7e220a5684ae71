/**
 * From text to batches of token ids: the GPT-2 tokenizer, the sliding windows over its ids, and the
 * spool that holds the ids of a text of any length on disk.
 *
 * <p>The way is {@code text → Gpt2Tokenizer → TokenSpool (or int[]) → SlidingWindows → TokenBatch}.
 * Memory stays bounded however long the text.
 *
 * <p>Imports the JDK and, in {@code Gpt2Vocabulary} alone, jtokkit; nothing else of EmbedCL.
 */
@NullMarked
package dev.embedcl.text;

import org.jspecify.annotations.NullMarked;
