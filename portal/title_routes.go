// SPDX-License-Identifier: Apache-2.0

package portal

// titleRoutes are the pages of checks of titles.
func titleRoutes() []route {
	return []route{
		{"GET /staff/titles", staff, (*portal).listTitles},
		{"GET /staff/titles/{id}", staff, (*portal).showTitle},
		{"POST /staff/titles/{id}", staff, (*portal).recordLook},
		{"GET /staff/bodies", staff, (*portal).listBodies},
		{"GET /staff/bodies/{qualification}", staff, (*portal).showBody},
		{"POST /staff/bodies/{qualification}", staff, (*portal).correctBody},
	}
}
