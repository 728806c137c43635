// Package faultstorm plants faults into sites that have none, and has the
// compiled tool find them: each at its place, none twice, and nothing else.
//
// The list of faults follows the list of what goes wrong without a word in
// generators: each entry of that has faults here, or the test that it has
// elsewhere. What enters is a seed; nothing leaves, since there are only tests.
package faultstorm
