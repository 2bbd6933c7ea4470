/* The curl lines name the address this page came from. */
const here = location.href.replace(/\/[^/]*$/, '');
for (const place of document.querySelectorAll('.origin')) {
	place.textContent = here;
}
