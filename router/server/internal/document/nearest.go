package document

// Nearest is the word of known that somebody meant who wrote another, or "" where none is near.
func Nearest(word string, known []string) string {
	best, least := "", 3 // more mistakes than 2 are another word
	for _, k := range known {
		if d := distance(word, k); d < least && d*3 <= len(k) {
			best, least = k, d
		}
	}
	return best
}

// distance is how many letters must be added, removed, changed or swapped with their neighbours to make b of a: the optimal
// string alignment.
func distance(a, b string) int {
	if len(a) > len(b)+2 || len(b) > len(a)+2 {
		return 3
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
