// Package pipe reads pictures from files, folders, named pipes, standard input and the output of commands.
package pipe
