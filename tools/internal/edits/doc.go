// Package edits tests that a build with a cache gives, after any sequence of
// edits, what a build without one gives in a fresh directory, byte by byte. It
// sees the compiled tool alone, and imports nothing but test helpers.
package edits
