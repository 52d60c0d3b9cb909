/** The map of a dataset: fetched when it comes into sight, because the library is as heavy as a picture. */

const place = document.querySelector<HTMLElement>("[data-map]");

if (place) {
  const eye = new IntersectionObserver((seen) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    eye.disconnect();
    import("./_mapview").then(
      ({ show }) => show(place),
      () => {
        place.dataset.failed = "";
      },
    );
  });
  eye.observe(place);
}
