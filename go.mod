module mjpegazer

go 1.26

require github.com/go-chi/chi/v5 v5.5.0

require github.com/icholy/digest v1.2.0
