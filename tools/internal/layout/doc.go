// Package layout holds one test alone: how the code of tools/ is laid out, and
// which way its imports point.
package layout
